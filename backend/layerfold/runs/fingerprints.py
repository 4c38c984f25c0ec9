"""What a checkpoint's weights are known by: a sample of every tensor, which shows at once that
two differ, and the hash of all."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

SAMPLES: Final = 8  # of a tensor
SAMPLE: Final = 512  # bytes
CHUNK: Final = 1 << 22
HEADER_BYTES: Final = 100 << 20  # the most that the safetensors library itself reads
EXPONENTS: Final = {
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
    "F32": ("<u4", 0x7F800000),
    "F64": ("<u8", 0x7FF << 52),
}


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in a file: ``start`` and ``size`` in bytes, its type in safetensors'
    words, its shape as it is written."""

    name: str
    dtype: str
    shape: str
    file: Path
    start: int
    size: int


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
            digest.update(f"{tensor.name} {tensor.dtype} {tensor.shape} {tensor.size}\n".encode())
            for data in _samples(file, tensor):
                digest.update(data)
                wrong = wrong or (tensor.name if not _is_finite(data, tensor.dtype) else "")
        return Fingerprint(digest.hexdigest(), wrong)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def weights_hash(files: Sequence[Path]) -> str:
    """The sha256 of all tensors' names, types, shapes and bytes, however they are shared out
    over files. Raises OSError, ValueError."""
    digest = hashlib.sha256()
    for tensor, file in _opened(files):
        digest.update(f"{tensor.name} {tensor.dtype} {tensor.shape} {tensor.size}\n".encode())
        file.seek(tensor.start)
        for start in range(0, tensor.size, CHUNK):
            digest.update(file.read(min(CHUNK, tensor.size - start)))
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
            name,
            one["dtype"],
            str(one["shape"]),
            path,
            8 + length + one["data_offsets"][0],
            one["data_offsets"][1] - one["data_offsets"][0],
        )
        for name, one in header.items()
    ]


def _samples(file: BinaryIO, tensor: Tensor) -> Iterator[bytes]:
    """Stretches of a tensor's bytes spread evenly from its first to its last; all of a small
    one."""
    if tensor.size <= SAMPLES * SAMPLE:
        file.seek(tensor.start)
        yield file.read(tensor.size)
        return
    for number in range(SAMPLES):
        at = (
            (tensor.size - SAMPLE) * number // (SAMPLES - 1) // 8 * 8
        )  # on the boundary of a number
        file.seek(tensor.start + at)
        yield file.read(SAMPLE)


def _is_finite(data: bytes, dtype: str) -> bool:
    if dtype not in EXPONENTS:
        return True
    kind, exponent = EXPONENTS[dtype]
    bits = np.frombuffer(
        data[: len(data) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind
    )
    return not bool(((bits & bits.dtype.type(exponent)) == exponent).any())
