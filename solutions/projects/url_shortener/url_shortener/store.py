"""SQL: everything that must not be lost. Its constraints decide every race."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

_metadata = sql.MetaData()
_links = sql.Table(
    "links",
    _metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("code", sql.String(32), unique=True, nullable=False),
    sql.Column("url", sql.String(2048), nullable=False),
    sql.Column("expires_at", sql.Float),
)
_tickets = sql.Table(
    "tickets",
    _metadata,
    sql.Column("client", sql.String, primary_key=True),
    sql.Column("key", sql.String, primary_key=True),
    sql.Column("request", sql.String, nullable=False),
    sql.Column("code", sql.String(32), nullable=False),
)
hits = sql.Table(
    "hits",
    _metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("code", sql.String(32), index=True, nullable=False),
    sql.Column("day", sql.String(10), nullable=False),
    sql.Column("referrer", sql.String, nullable=False),
    sql.Column("visitor", sql.String, nullable=False),
)


@dataclass(frozen=True)
class Link:
    """Where a code leads. ``expires_at`` is in Unix seconds, None for never."""

    code: str
    url: str
    expires_at: float | None = None


@dataclass(frozen=True)
class Ticket:
    """An Idempotency-Key in use: this request of this client makes one link, however often it comes."""

    client: str
    key: str
    request: str


@dataclass(frozen=True)
class Hit:
    """One answered redirect."""

    code: str
    day: str  # "2026-01-31", UTC
    referrer: str
    visitor: str


class TakenError(Exception):
    """Another link has this code."""


class TicketError(Exception):
    """The Idempotency-Key was used for another request."""


class Store:
    """The tables, in any database that SQLAlchemy knows; SQLite is set up for many readers and writers."""

    def __init__(self, database_url: str) -> None:
        self.engine = _open(database_url)

    def prepare(self) -> None:
        """Make what is missing; other processes may be doing the same at this moment."""
        with self.engine.begin() as connection:
            for table in _metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))

    def add(self, link: Link, ticket: Ticket | None) -> Link:
        """Keep the link, or give the one that the same ticket made before. Raises TakenError, TicketError."""
        try:
            with self.engine.begin() as connection:
                if ticket:
                    connection.execute(_tickets.insert().values(**asdict(ticket), code=link.code))
                connection.execute(_links.insert().values(**asdict(link)))
        except IntegrityError:
            if ticket and (earlier := self._made_by(ticket)):
                return earlier
            raise TakenError(link.code) from None
        return link

    def _made_by(self, ticket: Ticket) -> Link | None:
        used = sql.select(_tickets.c.request, _tickets.c.code)
        used = used.where(_tickets.c.client == ticket.client, _tickets.c.key == ticket.key)
        for request, code in self._rows(used):
            if request != ticket.request:
                raise TicketError(ticket.key)
            return self.find(code)
        return None

    def find(self, code: str) -> Link | None:
        for row in self._rows(_select_links().where(_links.c.code == code)):
            return Link(*row)
        return None

    def newest(self, limit: int) -> list[Link]:
        rows = self._rows(_select_links().order_by(_links.c.number.desc()).limit(limit))
        return [Link(*row) for row in rows]

    def record(self, hit: Hit) -> None:
        with self.engine.begin() as connection:
            connection.execute(hits.insert().values(**asdict(hit)))

    def counts(self, code: str, column: sql.Column[Any]) -> dict[str, int]:
        """How many hits of the link have each value of the column."""
        grouped = sql.select(column, sql.func.count()).where(hits.c.code == code).group_by(column)
        return {value: count for value, count in self._rows(grouped)}  # noqa: C416

    def check(self) -> None:
        """Raises SQLAlchemyError when the database does not answer."""
        self._rows(sql.select(sql.literal(1)))

    def _rows(self, statement: sql.Select[Any]) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement)]


def _select_links() -> sql.Select[Any]:
    return sql.select(_links.c.code, _links.c.url, _links.c.expires_at)


def _open(database_url: str) -> sql.Engine:
    url = sql.make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return sql.create_engine(url)
    engine = sql.create_engine(url, connect_args={"timeout": 15})

    @sql.event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers and the writer do not wait for each other
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    return engine
