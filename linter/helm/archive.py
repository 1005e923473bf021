"""A packed chart (`charts/web-1.0.0.tgz`): its files, read in memory and within bounds."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, cast

#: Larger archives are not opened, in bytes.
MAX_ARCHIVE: Final = 10_000_000
#: What an archive may unpack to, in bytes, and in files; and what all of one release may.
MAX_UNPACKED: Final = 50_000_000
MAX_MEMBERS: Final = 5_000
MAX_TOGETHER: Final = 200_000_000
#: How the text begins that Git LFS keeps in place of a file.
_LFS: Final = b"version https://git-lfs"


class ArchiveError(Exception):
    """Why an archive is not read."""


class Room:
    """How much the archives of one release may still unpack to, in bytes."""

    def __init__(self) -> None:
        self.left = MAX_TOGETHER


def read_archive(path: str, limit: int, room: Room) -> dict[str, bytes]:
    """The files of an archive, by their paths within the one folder that all of them lie in.

    Files larger than `limit` are left out.  Raises ArchiveError.
    """
    try:
        if os.path.getsize(path) > MAX_ARCHIVE:
            raise ArchiveError(f"it is larger than {MAX_ARCHIVE // 1_000_000} MB")
        with open(path, "rb") as stream:
            if stream.read(len(_LFS)) == _LFS:
                raise ArchiveError("it is kept in Git LFS, and not fetched")
            stream.seek(0)
            return _files(stream, limit, room)
    except OSError as error:
        raise ArchiveError(error.strerror or "it is no gzip archive") from None


def unpack(data: bytes, limit: int, room: Room) -> dict[str, bytes]:
    """The same of an archive within an archive."""
    return _files(io.BytesIO(data), limit, room)


def _files(stream: IO[bytes], limit: int, room: Room) -> dict[str, bytes]:
    try:
        with (
            gzip.open(stream) as unzipped,
            tarfile.open(fileobj=cast("IO[bytes]", _Bounded(unzipped, room)), mode="r|") as archive,
        ):
            return dict(_members(archive, limit))
    except (gzip.BadGzipFile, zlib.error):
        raise ArchiveError("it is no gzip archive, or a damaged one") from None
    # What a crafted header can raise is not documented.
    except (tarfile.TarError, EOFError, ValueError, ArithmeticError, LookupError, RecursionError):
        raise ArchiveError("it is no tar archive, or a damaged one") from None


def _members(archive: tarfile.TarFile, limit: int) -> Iterator[tuple[str, bytes]]:
    for count, member in enumerate(archive):
        if count >= MAX_MEMBERS:
            raise ArchiveError(f"it holds more than {MAX_MEMBERS:,} files")
        name = member.name.removeprefix("./").partition("/")[2]
        if not (member.isreg() and name and 0 <= member.size <= limit):
            continue
        if any(part in ("", ".", "..") for part in name.split("/")):
            continue
        stream = archive.extractfile(member)
        if stream is not None:
            yield name, stream.read(limit)


class _Bounded:
    """What is unpacked, up to a length: a few bytes may stand for any number of them."""

    def __init__(self, stream: gzip.GzipFile, room: Room) -> None:
        self._stream = stream
        self._room = room
        self._left = MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """Some of it; raises ArchiveError where it is too much."""
        bound = min(self._left, self._room.left) + 1
        data = self._stream.read(bound if size < 0 else min(size, bound))
        self._left -= len(data)
        self._room.left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it unpacks to more than {MAX_UNPACKED // 1_000_000} MB")
        if self._room.left < 0:
            raise ArchiveError(
                f"it and those before it unpack to more than {MAX_TOGETHER // 1_000_000} MB"
            )
        return data
