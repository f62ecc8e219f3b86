"""The cell's main loop: requests in, answers out, for one submission.

Sync requests are answered by a plain read loop. From the first ``await`` on, the main thread runs an asyncio loop that
reads the channel too, so that tasks, timers and further requests interleave as in any asyncio program.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import operator
import os
import sys
import types
from collections.abc import Callable
from marshal import loads
from typing import Any

from grader.cell.inside import failures
from grader.cell.inside.channel import Channel
from grader.cell.inside.functions import Functions
from grader.cell.inside.objects import Objects
from grader.cell.inside.output import Flood, Printed
from grader.cell.inside.pristine import Originals, own_modules
from grader.cell.inside.values import METHOD, Tree, ValueTooLarge

#: What the trusted side may ask for by name: operations that Python spells without a method call.
OPERATORS: dict[str, Callable[..., Any]] = {
    "len": len, "bool": bool, "iter": iter, "next": next, "repr": repr, "str": str, "type": type,
    "isinstance": isinstance, "hash": hash, "aiter": aiter, "anext": anext, "list": list,
    **{name: getattr(operator, name) for name in operator.__all__},
    "enter": lambda manager: type(manager).__enter__(manager),
    "exit": lambda manager, *details: type(manager).__exit__(manager, *details),
    "aenter": lambda manager: type(manager).__aenter__(manager),
    "aexit": lambda manager, *details: type(manager).__aexit__(manager, *details),
    "exit_raising": lambda manager, error: type(manager).__exit__(manager, type(error), error, None),
    "error": lambda name, arguments: getattr(__import__("builtins"), name)(*arguments),
}  # fmt: skip


class Server:
    """Answers the trusted side about one submission until the channel closes."""

    def __init__(self, channel: Channel, folder: str, descriptors: dict[str, int], originals: Originals) -> None:
        self.channel = channel
        self.folder = folder
        #: Listening sockets and the like that were handed to this cell, by name.
        self.descriptors = descriptors
        self.functions = Functions(channel)
        self.objects = Objects(self.functions.make)
        self.functions.objects = self.objects
        self.printed = Printed()
        self.loop: asyncio.AbstractEventLoop | None = None
        self._originals = originals
        self._driver: dict[str, Any] = {}  # the names of a module that was loaded
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._operations: dict[str, Callable[..., Tree]] = {
            "import": self._import, "load": self._load, "get": self._get, "set": self._set, "call": self._call,
            "method": self._method, "operate": self._operate, "keep": self._keep, "fetch": self._fetch,
            "descriptor": self.descriptors.__getitem__,
        }  # fmt: skip

    def run(self) -> None:
        """Serves until the trusted side closes the channel, which ends the process."""
        sys.stdout = self.printed
        while self.loop is None:
            self._handle(self.channel.request())
        self._run_loop(self.loop)

    # -- requests

    def _handle(self, frame: list[Any]) -> None:
        kind = frame[0]
        if kind == "call":
            _, number, operation, arguments = frame
            if operation == "await":
                self._start(number, arguments)
            else:
                self._answer(number, self._operations[operation], arguments)
        elif kind == "drop":
            self.objects.drop(frame[1])
        elif kind == "cancel":
            task = self._tasks.get(frame[1])
            if task is not None:
                task.cancel()

    def _answer(self, number: int, operation: Callable[..., Tree], arguments: list[Tree]) -> None:
        try:
            answer = ["ok", number, operation(*arguments)]
            self._print()
            if self.loop is None:
                self.channel.answer_request(answer)
            else:
                self.channel.send(answer)
        except BaseException as error:
            self._fail(number, error)

    def _print(self) -> None:
        text = self.printed.take()
        if text:
            self.channel.send(["print", text])

    def _fail(self, number: int, error: BaseException) -> None:
        if isinstance(error, (ValueTooLarge, Flood)):
            self.channel.send(["limit", str(error)])
            return
        self._print()
        try:
            description = failures.describe(error, self.objects, self.folder)
        except MemoryError:  # what is left does not suffice to say so
            os.write(2, b"MemoryError\n")
            os._exit(4)
        self.channel.send(["err", number, description])

    # -- operations

    def _import(self, name: str) -> Tree:
        restore = self._originals.own.restore  # looked up now, for what is imported may replace it
        module = importlib.import_module(name)
        restore()
        return self.objects.handle(module)

    def _load(self, name: str, code: bytes) -> Tree:
        """A module of trusted bytecode, whatever the submission may have put under that name."""
        module = types.ModuleType(name)
        module.__file__ = os.path.join(self.folder, name + ".py")
        sys.modules[name] = module
        self._driver = module.__dict__
        self._originals.restore()
        exec(loads(code), module.__dict__)
        own_modules(module.__dict__)
        return self.objects.handle(module)

    def _get(self, target: int, name: str) -> Tree:
        thing = self.objects[target]
        value = getattr(thing, name)
        is_bound = type(value) in (types.MethodType, types.BuiltinMethodType) and value.__self__ is thing
        if is_bound and type(thing) is not types.ModuleType:
            return [METHOD]
        return self.objects.pack(value)

    def _set(self, target: int, name: str, value: Tree) -> Tree:
        setattr(self.objects[target], name, self.objects.unpack(value))
        return None

    def _call(self, target: int, args: list[Tree], kwargs: list[Tree]) -> Tree:
        function = self.objects[target]
        if type(function) is types.FunctionType and function.__globals__ is self._driver:
            self._originals.restore()
        result = function(*self._arguments(args), **dict(self._pairs(kwargs)))
        if isinstance(function, type) and isinstance(result, function):
            return self.objects.handle(result)  # what a constructor makes is an object, even if its fields are plain
        return self.objects.pack(result)

    def _method(self, target: int, name: str, args: list[Tree], kwargs: list[Tree]) -> Tree:
        method = getattr(self.objects[target], name)
        if not args and not kwargs:
            return self.objects.pack(method())
        return self.objects.pack(method(*self._arguments(args), **dict(self._pairs(kwargs))))

    def _operate(self, name: str, args: list[Tree]) -> Tree:
        return self.objects.pack(OPERATORS[name](*self._arguments(args)))

    def _keep(self, value: Tree) -> Tree:
        return self.objects.handle(self.objects.unpack(value))

    def _fetch(self, target: int) -> Tree:
        thing = self.objects[target]
        tree = self.objects.pack(thing)
        if type(tree) is list and tree[1:] == self.objects.handle(thing)[1:] and hasattr(thing, "__dict__"):
            return self.objects.record(thing)
        return tree

    def _arguments(self, trees: list[Tree]) -> list[Any]:
        unpack = self.objects.unpack
        return [unpack(tree) if type(tree) is list else tree for tree in trees]

    def _pairs(self, trees: list[Tree]) -> list[tuple[str, Any]]:
        return [(name, self.objects.unpack(tree)) for name, tree in trees]

    # -- asyncio

    def _start(self, number: int, arguments: list[Tree]) -> None:
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
            self.channel.on_request = self._wake
        self._tasks[number] = self.loop.create_task(self._await(number, *arguments))

    async def _await(self, number: int, target: int | None, operation: str, arguments: list[Tree]) -> None:
        try:
            awaitable = (
                self.objects[target] if target is not None else OPERATORS[operation](*self._arguments(arguments))
            )
            answer = ["ok", number, self.objects.pack(await awaitable)]
            self._print()
            self.channel.send(answer)
        except BaseException as error:
            self._fail(number, error)
        finally:
            del self._tasks[number]

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.add_reader(self.channel.connection.fileno(), self.channel.read_available)
        self._wake()
        while True:  # a submission may stop the loop, or leave it by SystemExit; the cell lives on
            with contextlib.suppress(BaseException):
                loop.run_forever()

    def _wake(self) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self.channel.read_buffered()
        while self.channel.requests:
            self._handle(self.channel.requests.popleft())
