"""A file from a hub by its URL, resumed where it was cut and checked by digest.

Any server will do that answers byte ranges. Where the catalogue has no digest, the one the hub
reports is used: `X-Linked-ETag` is the SHA-256 of a large file, `ETag` git's name for the content
of a small one.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, cast

from mia.errors import ModelUnavailable
from mia.models.entry import ModelFile
from mia.models.files import BLOCK, Added, disk_errors, git_blob_sha1, sha256

#: Seconds without a byte before a connection counts as cut.
PATIENCE = 30
#: A connection that is cut again without having brought a single byte is not tried a third time.
FRUITLESS = 2


def download(file: ModelFile, partial: Path, at: Added = lambda _: None) -> str:
    """Fetch `file` to `partial`, going on where an earlier attempt stopped; its SHA-256.

    at: told how many bytes there are so far. Raises ModelUnavailable: "model.offline" (what came
    so far is kept), "model.refused", "model.digest" and "model.unverified" (nothing is kept).
    """
    url = file.url
    if url is None:
        raise ModelUnavailable("model.refused", what=file.path, reason="no hub has it")
    if file.sha256 and _size(partial) == file.size:  # killed before it was checked
        return _checked(file, url, partial, None)
    fruitless = 0
    while True:
        before = _size(partial)
        try:
            reported = _transfer(url, partial, at)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:  # what is there is not a beginning of that file
                partial.unlink()
                continue
            raise ModelUnavailable("model.refused", what=url, reason=error) from error
        except (OSError, HTTPException) as error:
            fruitless = 0 if _size(partial) > before else fruitless + 1
            if fruitless >= FRUITLESS:
                raise ModelUnavailable("model.offline", what=url) from error
    return _checked(file, url, partial, reported)


def _transfer(url: str, partial: Path, at: Added) -> str | None:
    """One connection: append what it brings to `partial`; the digest the hub reports.

    Raises HTTPError; OSError or HTTPException when it is cut.
    """
    start = _size(partial)
    redirects = _Redirects()
    opener = urllib.request.build_opener(redirects)
    headers = {"User-Agent": "mia", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)
    with cast("HTTPResponse", opener.open(request, timeout=PATIENCE)) as response:
        if start and response.status != 206:
            start = 0
        with disk_errors(partial.parent):
            partial.parent.mkdir(parents=True, exist_ok=True)
            out = partial.open("ab" if start else "wb")
        with out:
            done = start
            at(done)
            while block := response.read(BLOCK):
                with disk_errors(partial.parent):
                    out.write(block)
                done += len(block)
                at(done)
        length = response.headers.get("Content-Length")
        if length is not None and done - start < int(length):
            raise HTTPException("cut")
        return _digest([*redirects.seen, dict(response.headers.items())])


def _checked(file: ModelFile, url: str, partial: Path, reported: str | None) -> str:
    with disk_errors(partial.parent):
        digest = sha256(partial)
        expected = file.sha256 or reported
        if expected is None:
            partial.unlink()
            raise ModelUnavailable("model.unverified", what=url)
        found = git_blob_sha1(partial) if len(expected) == 40 else digest
        if found != expected:
            partial.unlink()
            raise ModelUnavailable("model.digest", what=url)
    return digest


def _digest(answers: list[Mapping[str, str]]) -> str | None:
    """The SHA-256 or git SHA-1 in a chain of answers, first one first."""
    for name in ("x-linked-etag", "etag"):
        for answer in answers:
            value = {k.lower(): v for k, v in answer.items()}.get(name, "").strip('"')
            if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", value):
                return value
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Remembers the headers of each answer on the way: the hub's own digest is in the first."""

    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        self.seen.append(dict(headers.items()))
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
