"""What a checkpoint's weights are known by: a sample of every tensor, which shows at once that
two differ, and the hash of all.

Weights are the same where their numbers are: written with 16 or 32 bits, under the names that a
wrapper gave them or without."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

SAMPLES: Final = 8  # of a tensor
SAMPLE: Final = 128  # numbers in a row
CHUNK: Final = 1 << 22
HEADER_BYTES: Final = 100 << 20  # the most that the safetensors library itself reads
WRAPPED: Final = re.compile(r"^(?:module\.|_orig_mod\.|_forward_module\.)+")
WIDTHS: Final = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}  # bytes of a number
EXPONENTS: Final = {
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
    "F32": ("<u4", 0x7F800000),
    "F64": ("<u8", 0x7FF << 52),
}


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in a file: ``start`` and ``size`` in bytes, its type in safetensors'
    words, its shape as it is written, its name without a wrapper's."""

    name: str
    dtype: str
    shape: str
    file: Path
    start: int
    size: int

    @property
    def width(self) -> int:
        """The bytes of one number; 1 where they are told apart no further."""
        return WIDTHS.get(self.dtype, 1)

    @property
    def title(self) -> bytes:
        """What it is but for its numbers: of plain numbers not how they are written."""
        kind = self.dtype if self.width in (1, 8) else ""
        return f"{self.name} {kind} {self.shape} {self.size // self.width}\n".encode()


@dataclass(frozen=True)
class Fingerprint:
    """The ``digest`` of samples, equal where weights are; ``wrong`` names the first tensor with
    a sampled number that is not finite."""

    digest: str
    wrong: str = ""


def fingerprint(files: Sequence[Path]) -> Fingerprint | None:
    """The fingerprint of the weights in files, however they are shared out over them; None where
    one cannot be read."""
    try:
        digest, wrong = hashlib.sha256(), ""
        for tensor, file in _opened(files):
            digest.update(tensor.title)
            for data in _samples(file, tensor):
                digest.update(_widened(data, tensor.dtype))
                wrong = wrong or (tensor.name if not _is_finite(data, tensor.dtype) else "")
        return Fingerprint(digest.hexdigest(), wrong)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def weights_hash(files: Sequence[Path]) -> str:
    """The sha256 of all tensors' names, shapes and numbers, however they are shared out over
    files. Raises OSError, ValueError."""
    digest = hashlib.sha256()
    for tensor, file in _opened(files):
        digest.update(tensor.title)
        file.seek(tensor.start)
        for start in range(0, tensor.size, CHUNK):
            data = file.read(min(CHUNK, tensor.size - start))
            digest.update(_widened(data, tensor.dtype))
    return digest.hexdigest()


def _opened(files: Sequence[Path]) -> Iterator[tuple[Tensor, BinaryIO]]:
    """Every tensor by name, with its file open to read."""
    handles = {path: path.open("rb") for path in files}
    try:
        found = [tensor for path, file in handles.items() for tensor in _tensors(path, file)]
        for tensor in sorted(found, key=lambda each: each.name):
            yield tensor, handles[tensor.file]
    finally:
        for file in handles.values():
            file.close()


def _tensors(path: Path, file: BinaryIO) -> list[Tensor]:
    """The tensors that a safetensors file names; any other file is one."""
    if path.suffix != ".safetensors":
        return [Tensor(path.name, "bytes", "", path, 0, path.stat().st_size)]
    length = struct.unpack("<Q", file.read(8))[0]
    if length > HEADER_BYTES:
        raise ValueError(f"the header of {path} has {length:,} bytes")
    header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return [
        Tensor(
            WRAPPED.sub("", name),
            one["dtype"],
            str(one["shape"]),
            path,
            8 + length + one["data_offsets"][0],
            one["data_offsets"][1] - one["data_offsets"][0],
        )
        for name, one in header.items()
    ]


def _samples(file: BinaryIO, tensor: Tensor) -> Iterator[bytes]:
    """Stretches of a tensor's numbers spread evenly from its first to its last; all of a small
    one."""
    count = tensor.size // tensor.width
    if count <= SAMPLES * SAMPLE:
        file.seek(tensor.start)
        yield file.read(tensor.size)
        return
    for number in range(SAMPLES):
        at = (count - SAMPLE) * number // (SAMPLES - 1)
        file.seek(tensor.start + at * tensor.width)
        yield file.read(SAMPLE * tensor.width)


def _widened(data: bytes, dtype: str) -> bytes:
    """Numbers of 16 bits with 32, which hold them as they are; others as they are."""
    if dtype == "F16":
        return np.frombuffer(data, "<f2").astype("<f4").tobytes()
    if dtype == "BF16":
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).tobytes()
    return data


def _is_finite(data: bytes, dtype: str) -> bool:
    if dtype not in EXPONENTS:
        return True
    kind, exponent = EXPONENTS[dtype]
    bits = np.frombuffer(
        data[: len(data) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind
    )
    return not bool(((bits & bits.dtype.type(exponent)) == exponent).any())
