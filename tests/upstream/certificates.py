"""Self-signed certificates for tests, made in plain Python: neither a tool nor a key in the repository is needed."""

import base64
import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

_SHA256_WITH_RSA = "1.2.840.113549.1.1.11"
_RSA = "1.2.840.113549.1.1.1"
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_EXPONENT = 65537


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate, which is its own authority, and its key."""

    cert_file: Path
    key_file: Path


def make_certificate(directory: Path, name: str, *, valid: bool = True) -> Certificate:
    """For `localhost`, 127.0.0.1 and ::1. Not `valid`: it expired long ago."""
    p, q = _prime(1024), _prime(1024)
    n, d = p * q, pow(_EXPONENT, -1, (p - 1) * (q - 1))
    body = _to_be_signed(name, n, ("20200101000000Z", "21200101000000Z" if valid else "20210101000000Z"))
    algorithm = _sequence(_oid(_SHA256_WITH_RSA), b"\x05\x00")
    certificate = _sequence(body, algorithm, _bits(_sign(body, n, d)))
    key = _sequence(*map(_integer, (0, n, _EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
    made = Certificate(directory / f"{name}.crt", directory / f"{name}.key")
    made.cert_file.write_text(_pem("CERTIFICATE", certificate))
    made.key_file.write_text(_pem("RSA PRIVATE " + "KEY", key))
    return made


def _to_be_signed(name: str, n: int, validity: tuple[str, str]) -> bytes:
    subject = _sequence(_der(0x31, _sequence(_oid("2.5.4.3"), _der(0x0C, name.encode()))))
    public = _sequence(_integer(n), _integer(_EXPONENT))
    hosts = _der(0x82, b"localhost") + b"".join(
        _der(0x87, ipaddress.ip_address(host).packed) for host in ("127.0.0.1", "::1")
    )
    extensions = _sequence(
        _sequence(_oid("2.5.29.19"), b"\x01\x01\xff", _octets(_sequence(b"\x01\x01\xff"))),
        _sequence(_oid("2.5.29.15"), b"\x01\x01\xff", _octets(b"\x03\x02\x02\xa4")),  # signs, enciphers, certifies
        _sequence(_oid("2.5.29.14"), _octets(_octets(hashlib.sha256(public).digest()[:20]))),
        _sequence(_oid("2.5.29.17"), _octets(_sequence(hosts))),
    )
    return _sequence(
        _der(0xA0, _integer(2)),
        _integer(secrets.randbits(64) | 1),
        _sequence(_oid(_SHA256_WITH_RSA), b"\x05\x00"),
        subject,
        _sequence(*(_der(0x18, moment.encode()) for moment in validity)),
        subject,
        _sequence(_sequence(_oid(_RSA), b"\x05\x00"), _bits(public)),
        _der(0xA3, extensions),
    )


def _sign(body: bytes, n: int, d: int) -> bytes:
    info = _SHA256_INFO + hashlib.sha256(body).digest()
    size = (n.bit_length() + 7) // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return pow(int.from_bytes(padded), d, n).to_bytes(size)


def _prime(bits: int) -> int:
    while True:
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if candidate % _EXPONENT != 1 and _is_prime(candidate):
            return candidate


def _is_prime(number: int) -> bool:
    if any(number % small == 0 for small in range(3, 1000, 2)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_is_probably_prime(number, odd, twos) for _ in range(8))


def _is_probably_prime(number: int, odd: int, twos: int) -> bool:
    power = pow(secrets.randbelow(number - 3) + 2, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _octets(content: bytes) -> bytes:
    return _der(0x04, content)


def _bits(content: bytes) -> bytes:
    return _der(0x03, b"\x00" + content)


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes((first * 40 + second,))
    for number in rest:
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return _der(0x06, content)


def _pem(label: str, content: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(content).decode()}-----END {label}-----\n"
