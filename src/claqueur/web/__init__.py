"""The case room: a local web server over the pipeline, and nothing that belongs there.

- ``app``, ``running``: the ASGI application, and serving it on the loopback address
- ``guard``, ``sessions``, ``users``: who may ask at all, who is signed in, passwords
- ``calls``: one table of endpoints, from which routes and the OpenAPI description are made
- ``places``: cases of the served folder, and what the room keeps in them
- ``jobs``, ``worker``, ``tasks``: long work in processes of its own
- ``asked``, ``told``: shapes of what is asked and of what is answered
- ``views``: one file for each part of the API, each with one public constant ``ENDPOINTS``
"""
