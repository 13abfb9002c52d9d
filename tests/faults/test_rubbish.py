"""Rubbish from strangers: bytes that are no JSON, frames that are no protocol, names that want to be paths.

A real server is asked over real sockets. It may refuse with a sentence, or accept and bring what it accepted to an end; it
may not answer with a 5xx, stop answering, or write a file outside of its folders. Drawn from a seed, so that a failure
can be seen again.
"""

import base64
import json
import os
import random
import socket
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from support.feed_watcher import FeedWatcher
from support.serving import Serving

SEED = 20261125
CASES = int(os.environ.get("FASTGRAPH_RUBBISH_CASES", "200"))
SOCKET_SECONDS = 5.0


# -- payloads ---------------------------------------------------------------------------------------------------


HARMFUL_PARTS = [
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-0",
        b"0" * 400,
        b"9" * 5000,
        b"1" + b"0" * 5000,
        b"1E+9999999",
    ),
    *(
        b'"\\ud800"',
        b'"\\udfff\\ud800"',
        b'"\\u0000"',
        b'"\xff\xfe"',
        b'"\xed\xa0\x80"',
        b'"' + b"a" * 70_000 + b'"',
    ),
    *(
        b"[" * 101 + b"]" * 101,
        b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"a":1,"a":2}',
        b'{"":1}',
    ),
    *(
        b"{",
        b"]",
        b"nul",
        b"'a'",
        b"// no",
        b"",
        b"\x00",
        b"\xef\xbb\xbf{}",
        b'{"__proto__":{"x":1}}',
        b"[1,]",
    ),
    *(
        b'{"!":"tuple","v":[]}',
        b'{"$type":"datetime"}',
        b'{"py/object":"os.system"}',
        b"\x80\x04\x95.",
        b"true",
    ),
]


def body_of(chance: random.Random) -> bytes:
    """A request to create a run with something harmful somewhere, or a good one that was bitten into."""
    part = chance.choice(HARMFUL_PARTS)
    wraps = [
        b'{"name":"x","workflow":"walk","payload":{"steps":1,"pause_seconds":0,"more":%s}}',
        b'{"name":"x","workflow":"walk","payload":%s}',
        b'{"name":"x","workflow":%s,"payload":{"steps":1}}',
        b'{"workflow":"walk","name":%s,"payload":{"steps":1}}',
        b'{"name":"x","workflow":"walk","payload":{"steps":%s}}',
        b'{"name":"x","workflow":"walk","payload":{"steps":1},"config":{"recursion_limit":%s}}',
        b'{"name":"x","workflow":"walk","payload":{"steps":1},"tags":[%s],"thread_id":%s}',
        b"%s",
    ]
    body = chance.choice(wraps).replace(b"%s", part)
    if chance.random() < 0.3:
        bitten = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            if bitten:
                bitten[chance.randrange(len(bitten))] = chance.randrange(256)
        body = bytes(bitten)
    return body


@pytest.mark.slow
def test_no_body_makes_the_server_fail_and_what_is_accepted_ends(serving: Serving) -> None:
    chance = random.Random(SEED)
    statuses: Counter[int] = Counter()
    accepted: list[str] = []
    with httpx.Client(base_url=serving.client.url, timeout=30) as client:
        for _ in range(CASES):
            body = body_of(chance)
            answer = client.post("/api/runs/", content=body)
            statuses[answer.status_code] += 1
            assert answer.status_code in {200, 400, 413, 422, 404}, (body[:300], answer.text[:300])
            if answer.status_code == 200:
                accepted.append(answer.json()["run_id"])
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["detail"]
        for run_id in accepted:
            ended = serving.client.wait_until_ended(run_id, within_seconds=60)
            assert ended["status"] in {"completed", "failed"}
            assert client.get(f"/api/runs/{run_id}/events").status_code == 200
            assert client.get(f"/api/runs/{run_id}/state").status_code == 200
    print(f"{CASES} bodies: {dict(sorted(statuses.items()))}")
    assert statuses[422] >= CASES / 4
    assert len(accepted) >= 5


# -- names of artifacts -----------------------------------------------------------------------------------------


NAMES = [
    *(
        "../../etc/passwd",
        "..\\..\\windows",
        "/etc/passwd",
        "C:\\boot.ini",
        "a/../../b",
        "....//x",
        ".",
        "..",
        "~",
    ),
    *(
        "a\x00b",
        "a\nb",
        "a\r\nX-Evil: 1",
        "\x1b[31m",
        "con",
        "NUL.txt",
        "COM1",
        "aux.",
        "a" * 300,
        "a" * 5000,
        "",
    ),
    *(
        "\u2024\u2024/\u2215etc",
        "\uff0e\uff0e\uff0fetc",
        "\u202egpj.exe",
        "a\u200bb",
        "e\u0301",
        "🙂.txt",
        "\ufeff",
    ),
    *(
        '"; filename="x',
        "a;b",
        "a%2e%2e%2f",
        "%00",
        "a b",
        " lead",
        "trail ",
        "a?b#c",
        "<script>.html",
        "x.svg",
    ),
]


def name_of(chance: random.Random) -> str:
    name = chance.choice(NAMES)
    if chance.random() < 0.4:
        name += chance.choice(
            ["/", "\\", "..", "\x00", chr(chance.randrange(1, 0xD800)), chance.choice(NAMES)]
        )
    return name


@pytest.mark.slow
def test_no_name_of_an_artifact_escapes(serving: Serving, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    statuses: Counter[int] = Counter()
    before = _files_outside(tmp_path)
    with httpx.Client(base_url=serving.client.url, timeout=30) as client:
        for number in range(CASES):
            name = name_of(chance)
            answer = client.post(
                f"/api/artifacts?name={quote(name, safe='')}", content=b"content %d" % number
            )
            statuses[answer.status_code] += 1
            assert answer.status_code in {200, 422}, (name, answer.text[:300])
            if answer.status_code == 200:
                _check_download(client, answer.json(), number)
    print(f"{CASES} names: {dict(sorted(statuses.items()))}")
    assert _files_outside(tmp_path) == before
    kept = [path.name for path in (tmp_path / "data" / "artifacts").rglob("*") if path.is_file()]
    assert all(set(name) <= set("0123456789abcdef.tmp-") for name in kept), "files are named by their content"
    assert min(statuses[200], statuses[422]) >= 20


def _check_download(client: httpx.Client, artifact: dict[str, Any], number: int) -> None:
    kept = artifact["name"]
    assert not set(kept) & set("\x00\r\n"), kept
    assert not {".", ".."} & set(kept.split("/")), kept
    assert not kept.startswith("/"), kept
    download = client.get(f"/api/artifacts/{artifact['artifact_id']}")
    assert download.content == b"content %d" % number
    assert download.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in download.headers["content-security-policy"]
    assert "x-evil" not in download.headers
    offered = unquote(download.headers["content-disposition"].rpartition("filename")[2])
    assert not set(offered) & set("/\\\x00\r\n"), offered


def _files_outside(folder: Path) -> set[Path]:
    return {
        path for path in folder.rglob("*") if path.is_file() and "data" not in path.relative_to(folder).parts
    }


# -- frames -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_frame_harms_the_server_or_another_watcher(serving: Serving) -> None:
    chance = random.Random(SEED)
    run_id = serving.client.create_run(workflow="walk", payload={"steps": 100_000, "pause_seconds": 0.05})
    watcher = FeedWatcher(serving.port, run_id)
    outcomes: Counter[str] = Counter()
    for number in range(CASES):
        path = chance.choice([f"/api/ws/{run_id}", "/api/ws", "/api/ws/nobody", f"/api/ws/{run_id}?after=x"])
        outcomes[_speak(serving.port, path, chance)] += 1
        if number % 50 == 0:
            assert serving.client.get("/api/monitoring/health/live").status_code == 200
    serving.client.post(f"/api/runs/{run_id}/cancel", {})
    assert serving.client.wait_until_ended(run_id, within_seconds=60)["status"] == "cancelled"
    watcher.wait_for_end(60)
    assert watcher.connections == 1
    assert watcher.seqs == list(range(1, serving.client.run(run_id)["last_seq"] + 1))
    assert serving.client.get("/api/monitoring/health").json()["status"] == "ok"
    print(f"{CASES} sockets: {dict(sorted(outcomes.items()))}")
    assert outcomes["upgraded"] >= CASES / 3


def _speak(port: int, path: str, chance: random.Random) -> str:
    """Open a socket, ask for an upgrade (sometimes a wrong one), send rubbish, and leave in some way."""
    outcome = "cut off"
    with socket.create_connection(("127.0.0.1", port), timeout=SOCKET_SECONDS) as sock, suppress(OSError):
        sock.sendall(_handshake(port, path, chance))
        outcome = "upgraded" if sock.recv(4096).startswith(b"HTTP/1.1 101") else "refused"
        for _ in range(chance.randint(0, 6)):
            sock.sendall(_frame(chance))
        if chance.random() < 0.5:
            sock.shutdown(socket.SHUT_WR)
        elif chance.random() < 0.5:
            # Gone without a word: the other side sees a reset.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return outcome


def _handshake(port: int, path: str, chance: random.Random) -> bytes:
    key = base64.b64encode(chance.randbytes(chance.choice([16, 16, 16, 16, 3, 0]))).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Version: {chance.choice(['13', '13', '13', '13', '0', 'x'])}",
    ]
    if chance.random() < 0.3:
        lines.append(
            "Sec-WebSocket-Protocol: " + chance.choice(["fastgraph", "a, b", "fastgraph.key.!!!", "," * 50])
        )
    if chance.random() < 0.1:
        lines.append("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _frame(chance: random.Random) -> bytes:
    """A frame: right, or with a reserved bit, a wrong length, no mask, an unknown opcode, or no frame at all."""
    kind = chance.random()
    if kind < 0.15:
        return chance.randbytes(chance.randint(1, 200))
    text = json.dumps(
        {"type": chance.choice(["authenticate", "ping", 7]), "key": "x" * chance.choice([1, 9000])}
    ).encode()
    content = chance.choice([b"", b"hello", text, chance.randbytes(126), b"\xff" * 70_000])
    opcode = chance.choice([1, 1, 2, 0, 8, 9, 10, 3, 15])
    first = opcode | chance.choice([0x80, 0x80, 0x00, 0xC0, 0xF0])
    mask = chance.random() < 0.8
    length = chance.choice([len(content)] * 5 + [2**62])
    head = bytes([first]) + _length(length, mask)
    if not mask:
        return head + content
    key = chance.randbytes(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(content))


def _length(length: int, mask: bool) -> bytes:
    bit = 0x80 if mask else 0
    if length < 126:
        return bytes([bit | length])
    if length < 2**16:
        return bytes([bit | 126]) + struct.pack(">H", length)
    return bytes([bit | 127]) + struct.pack(">Q", length)
