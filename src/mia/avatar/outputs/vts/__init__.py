"""VTube Studio, through its plugin API (WebSocket).

options      what the user can choose
protocol     messages and error numbers
connection   answers find their requests; events come in between
discovery    VTube Studio's announcements on the network
tokens       the permission, kept
parameters   from a frame to its input parameters
expressions  hotkeys and expression files
session      one stay, from the handshake to the last frame
output       finds it, and finds it again
"""

from __future__ import annotations

from mia.avatar.outputs.vts.options import VtsOptions
from mia.avatar.outputs.vts.output import VtsOutput
from mia.backends import Backend, Context

__all__ = ["BACKEND", "VtsOptions", "VtsOutput"]


async def load(options: VtsOptions, context: Context) -> VtsOutput:
    """Nothing is connected to yet."""
    return VtsOutput(options, context.cache)


BACKEND = Backend(port="avatar", name="vts", options=VtsOptions, load=load)
