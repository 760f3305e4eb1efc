"""The two ways to carry out a plan: waiting, and awaiting. All that differs between them stands here."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import anyio
import anyio.to_thread
import httpx

from rejoinder_client._calls import Call, Planned, Upload
from rejoinder_client._flow import Reply, Send, Wait, steps
from rejoinder_client._pages import Pages
from rejoinder_client._retries import Retries

T = TypeVar("T")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)

_CONNECT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Runner(Generic[Http]):
    """What both ways have in common.

    Attributes:
        http: sends.
        base: the service's address, without a slash at its end.
        headers: what every request carries.
        timeout_s: seconds that may pass without anything coming.
        retries: when a call is sent again.
    """

    http: Http
    base: str
    headers: Mapping[str, str]
    timeout_s: float
    retries: Retries

    def _request(self, call: Call[Any], content: Any) -> httpx.Request:  # noqa: ANN401 - bytes, or pieces of either way
        return self.http.build_request(
            call.route.method,
            self.base + call.path,
            params=call.parameters() or None,
            content=content,
            headers={
                **self.headers,
                **({} if call.body is None else {"Content-Type": call.media_type()}),
                **call.headers,
            },
            timeout=httpx.Timeout(
                self.timeout_s,
                connect=min(_CONNECT_S, self.timeout_s),
                read=max(self.timeout_s, call.route.slow_s),
            ),
        )


class SyncRunner(Runner[httpx.Client]):
    """Carries out plans in the thread that asks."""

    def run(self, plan: Planned[T]) -> T:
        """What a plan comes to. Raises `RejoinderError`."""
        todo, reply = steps(plan, self.retries), None
        try:
            while True:
                step = todo.send(reply)
                reply = self._take(step)
        except StopIteration as done:
            outcome: T = done.value
            return outcome
        finally:
            todo.close()

    def items(self, pages: Pages[T]) -> Iterator[T]:
        """Every item of a list, page by page as they are needed."""
        while pages.left:
            yield from self.run(pages.next())

    def _take(self, step: Send | Wait) -> Reply | None:
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return None
        try:
            return self._send(step.call)
        except httpx.TransportError as error:
            return error

    def _send(self, call: Call[Any]) -> httpx.Response:
        content = call.content()
        request = self._request(call, content.pieces() if isinstance(content, Upload) else content)
        response = self.http.send(request, stream=True)
        try:
            if call.sink and response.is_success:
                call.sink.begin()
                for piece in response.iter_bytes():
                    call.sink.write(piece)
            else:
                response.read()
        finally:
            response.close()
        return response


class AsyncRunner(Runner[httpx.AsyncClient]):
    """Carries out plans on an event loop; files are read and written in threads."""

    async def run(self, plan: Planned[T]) -> T:
        """What a plan comes to. Raises `RejoinderError`."""
        todo, reply = steps(plan, self.retries), None
        try:
            while True:
                step = todo.send(reply)
                reply = await self._take(step)
        except StopIteration as done:
            outcome: T = done.value
            return outcome
        finally:
            todo.close()

    async def items(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Every item of a list, page by page as they are needed."""
        while pages.left:
            for item in await self.run(pages.next()):
                yield item

    async def _take(self, step: Send | Wait) -> Reply | None:
        if isinstance(step, Wait):
            await anyio.sleep(step.seconds)
            return None
        try:
            return await self._send(step.call)
        except httpx.TransportError as error:
            return error

    async def _send(self, call: Call[Any]) -> httpx.Response:
        content = call.content()
        request = self._request(call, _threaded(content.pieces()) if isinstance(content, Upload) else content)
        response = await self.http.send(request, stream=True)
        try:
            if call.sink and response.is_success:
                await anyio.to_thread.run_sync(call.sink.begin)
                async for piece in response.aiter_bytes():
                    await anyio.to_thread.run_sync(call.sink.write, piece)
            else:
                await response.aread()
        finally:
            await response.aclose()
        return response


async def _threaded(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
