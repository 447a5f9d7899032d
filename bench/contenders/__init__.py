"""One program a contender: table in, pairs out, each in a process of its own."""
