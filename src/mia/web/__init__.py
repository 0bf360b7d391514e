"""The HTTP application: API routes, pages (`ui/`), and the socket the realtime channel sits on.

`create_app(services)` makes it, `serve(app, host, port)` runs it inside the running loop until
cancelled. `access` and `security` say who may come in. `docs/protocol.md` describes it all.
"""

from mia.web.access import Access
from mia.web.app import create_app
from mia.web.server import PortInUse, bind, serve
from mia.web.services import Health, Services

__all__ = ["Access", "Health", "PortInUse", "Services", "bind", "create_app", "serve"]
