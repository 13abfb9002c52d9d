"""The one way from the command line to a running server: a small client over HTTP.

It turns every failure into one sentence with an exit code (`api.cli.failures`): nobody there, a problem
document, an answer that is no FastGraph's. It never prints.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from api.cli.api_key import current_api_key
from api.cli.failures import NoServerError, RefusedError, UsageError

__all__ = ["Client", "Page"]

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
CREATE_TRIES = (
    3  # a connection that broke in the middle of a POST is tried again under the same Idempotency-Key
)

Parameters = Mapping[str, str | int | list[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, and how many there are in all where the server said so."""

    items: list[Any]
    total: int | None


class Client:
    """Speaks to the server at `url`, with the key of the running command; a context manager. Every method raises
    NoServerError or RefusedError."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            parsed = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise UsageError(f"--url {url} is no URL: {error}.") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise UsageError(f"--url {url} should look like http://127.0.0.1:8000.")
        headers = {"User-Agent": "fastgraph-cli"}
        key = current_api_key()
        if key is not None:
            if not key.isascii() or not key.isprintable():
                raise UsageError("The API key is none: it should be printable ASCII characters.")
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not _is_loopback(parsed.host),  # a proxy of the environment can't reach this machine
            headers=headers,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str | int | list[str] | None) -> Any:
        """Return the JSON value at `path`; parameters that are None are left out."""
        return _json(self._send("GET", path, params=_given(parameters)), self.url)

    def get_page(self, path: str, parameters: Parameters) -> Page:
        """Return one page of a list."""
        answer = self._send("GET", path, params=_given(parameters))
        items = _json(answer, self.url)
        total = answer.headers.get("X-Total-Count", "")
        return Page(items=items, total=int(total) if total.isdigit() else None)

    def post(self, path: str, body: Any, *, idempotency_key: str | None = None) -> Any:
        """Send a JSON body and return the JSON answer; None is the JSON value null, and no missing body."""
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return _json(self._send("POST", path, content=content, headers=headers), self.url)

    def create_run(self, body: dict[str, Any], *, idempotency_key: str) -> str:
        """Create a run and return its id; safe to repeat, so a broken connection is tried again."""
        for remaining in reversed(range(CREATE_TRIES)):
            try:
                answer = self._request(
                    "POST", "/api/runs/", json=body, headers={"Idempotency-Key": idempotency_key}
                )
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if remaining == 0:
                    raise NoServerError(self.url, _seen(error)) from error
            except httpx.TransportError as error:
                raise NoServerError(self.url, _seen(error)) from error
            else:
                return str(_json(_checked(answer, self.url), self.url)["run_id"])
        raise AssertionError("unreachable: the last try returns or raises")

    def upload(
        self, path: str, content: Iterator[bytes], *, media_type: str, **parameters: str | None
    ) -> Any:
        """Send a raw body in pieces and return the JSON answer."""
        answer = self._send(
            "POST", path, content=content, params=_given(parameters), headers={"Content-Type": media_type}
        )
        return _json(answer, self.url)

    def delete(self, path: str, **parameters: str | None) -> Any:
        """Delete what is at `path`, and return the JSON answer, None where there is none."""
        answer = self._send("DELETE", path, params=_given(parameters))
        return _json(answer, self.url) if answer.content else None

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        headers: Mapping[str, str],
        silence_seconds: float = ANSWER_SECONDS,
        **parameters: int,
    ) -> Iterator[httpx.Response]:
        """Open `path` and hand out the answer before its body. Lets httpx.TransportError through, also from the body:
        who follows a feed wants to connect again."""
        timeout = httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS)
        with self._http.stream(
            "GET", path, headers=dict(headers), params=parameters, timeout=timeout
        ) as answer:
            if answer.status_code >= 400:
                answer.read()
                _checked(answer, self.url)
            yield answer

    @contextmanager
    def download(self, path: str) -> Iterator[httpx.Response]:
        """Open a file; a connection that breaks in the middle is a NoServerError."""
        try:
            with self.stream(path, headers={"Accept": "*/*", "Accept-Encoding": "identity"}) as answer:
                yield answer
        except httpx.TransportError as error:
            raise NoServerError(self.url, _seen(error)) from error

    def _send(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            answer = self._request(method, path, **how)
        except httpx.TransportError as error:
            raise NoServerError(self.url, _seen(error)) from error
        return _checked(answer, self.url)

    def _request(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self._http.request(method, path, **how)


def _checked(answer: httpx.Response, url: str) -> httpx.Response:
    """Return an answer that says yes; raise the problem document of one that says no."""
    if answer.status_code < 300:
        return answer
    kind = answer.headers.get("Content-Type", "")
    if "json" not in kind:
        raise NoServerError(url, f"what is there answers {answer.status_code} {kind or 'without a type'}")
    problem = _json(answer, url)
    raise RefusedError(answer.status_code, problem if isinstance(problem, dict) else {})


def _json(answer: httpx.Response, url: str) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError as error:
        kind = answer.headers.get("Content-Type", "no type")
        raise NoServerError(
            url, f"what is there answers {answer.status_code} with {kind}, no JSON"
        ) from error


def _given(parameters: Parameters) -> dict[str, str | int | list[str]]:
    return {name: value for name, value in parameters.items() if value is not None}


def _seen(error: httpx.TransportError) -> str:
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {CONNECT_SECONDS:g} s"
        case httpx.TimeoutException():
            return f"no answer within {ANSWER_SECONDS:g} s"
        case httpx.ConnectError():
            return "connection refused" if "refused" in str(error).lower() else f"no connection: {error}"
        case _:
            return f"the connection broke: {type(error).__name__}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
