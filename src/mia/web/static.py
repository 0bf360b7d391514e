"""The pages' files, with types that do not depend on the machine."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mia.errors import MiaError

#: On Windows a type comes from the registry, where another program may have made `.js` plain
#: text; browsers then refuse to run it.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".vrm": "model/gltf-binary",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def model(path: Path | None, route: str) -> FileResponse:
    """A VRM as it was given, asked for at this route. Raises MiaError `web.not_found`."""
    if path is None:
        raise MiaError("web.not_found", path=route)
    return FileResponse(path, media_type=TYPES[".vrm"], headers={"cache-control": "no-cache"})


class Pages(StaticFiles):
    """Static files that a browser asks about each time (ETag), so that an update is seen."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        kind = TYPES.get(PurePath(full_path).suffix.lower())
        if kind is not None and answer.status_code != 304:
            answer.headers["content-type"] = kind
        answer.headers["cache-control"] = "no-cache"
        return answer
