"""The exception tree.

::

    ClaqueurError          anything Claqueur itself reports; exit code 1
    ├── InputError         what you gave cannot be used: exit code 2
    │   ├── SourceError    a file of events: unreadable, empty, wrong columns
    │   ├── SettingError   a setting: unknown, missing, out of range
    │   ├── CaseError      a case or output folder: missing, newer, not empty
    │   ├── ReleaseError   what would be published could harm somebody
    │   └── EngineError    the engine asked for is not there, or gave up
    └── RunError           the run could not be finished (disk full, interrupted)

Every message says what is wrong, where, and what to do next.
"""


class ClaqueurError(Exception):
    """Base of everything Claqueur reports on purpose; shown without a traceback."""

    exit_code = 1


class InputError(ClaqueurError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class SourceError(InputError):
    """A file of events cannot be read, or its rows cannot be trusted."""


class SettingError(InputError):
    """A setting is unknown, missing or out of range."""


class CaseError(InputError):
    """A case or output folder is missing, of another format, or in the way."""


class ReleaseError(InputError):
    """What would be published says too much about single people, and is not written."""


class EngineError(InputError):
    """The engine that was asked for is not there, or gave up; this machine's cores never do."""


class RunError(ClaqueurError):
    """A run that began soundly could not be finished."""
