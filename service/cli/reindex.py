"""``rejoinder reindex``: another encoder, beside the one that answers, and then in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.store import db_option, note, refuse_missing, settings_for, store_alone
from service.places import Place

if TYPE_CHECKING:
    from service.encoders import Report
    from service.settings import Settings

_AGREE: Final = 0.95
_WAIT_S: Final = 120.0
_force = click.option(
    "--force", is_flag=True, help="Switch all the same: below the bound, or though some cannot follow."
)
_agree = click.option(
    "--agree",
    type=click.FloatRange(0, 1),
    default=_AGREE,
    show_default=True,
    help="Share of claims with the same label and nearest record below which nothing is switched.",
)
_wait = click.option(
    "--wait",
    type=click.FloatRange(0, 3_600),
    default=_WAIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long processes that serve may take to load the other encoder.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(invoke_without_command=True)
@click.option("--encoder", metavar="NAME|FOLDER", help="The other encoder; claims-minilm-l6 is the one that ships.")
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The numbers that were fitted for it.",
)
@click.option(
    "--sample",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Headlines to compare on as well, one a line.",
)
@click.option(
    "--claims",
    type=click.IntRange(0, 100_000),
    default=300,
    show_default=True,
    help="Texts of the store to compare on.",
)
@click.option(
    "--cases", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Claims to list that differ."
)
@click.option("--switch", "and_switch", is_flag=True, help="Switch at once, if they agree.")
@_agree
@_force
@_json
@db_option
@click.pass_context
def reindex(
    context: click.Context,
    /,
    *,
    encoder: str | None,
    and_switch: bool,
    db: Place | None,
    **options: Any,  # noqa: ANN401 - click's own
) -> None:
    """Let another encoder answer, while the service goes on.

    Without a command: encode every record with it beside the present one, and compare the verdicts of both. May be
    interrupted; the same command goes on.

    \b
    Examples:
      rejoinder reindex --encoder ./our-model --sample headlines.txt
      rejoinder reindex switch
      rejoinder reindex back
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    if context.invoked_subcommand is not None:
        given = [name for name, source in _sources(context) if source == click.core.ParameterSource.COMMANDLINE]
        if given:
            raise click.UsageError(
                f"Options belong behind the command: reindex {context.invoked_subcommand} …", context
            )
        return
    from service.cli import reindexing as work
    from service.cli.comparisons import show

    if encoder is None:
        raise click.UsageError(
            "Name the other encoder with --encoder, or a command: switch, back, status, drop.", context
        )
    named = work.loaded_by(encoder)
    settings = _settings(db, named)
    with work.alone(settings) as held:
        read = work.encode(settings, named, options["calibration"], held)
        texts = work.Texts(options["claims"], options["sample"], options["cases"])
        comparison = work.compare_verdicts(settings, read.model, texts)
        if not options["as_json"]:
            show(comparison)
        reports: Sequence[Report] = ()
        if and_switch:
            reports = work.switch_to_next(settings, agree=options["agree"], force=options["force"], wait=_WAIT_S)
    if options["as_json"]:
        _print_json({**read._asdict(), "comparison": comparison, "switched": and_switch, "processes": list(reports)})
    elif and_switch:
        _say_switched(read.model, reports)
    else:
        note("Nothing has changed for anybody yet. To let it answer: rejoinder reindex switch")


@reindex.command()
@_agree
@_force
@_wait
@_json
@db_option
def switch(*, agree: float, force: bool, wait: float, as_json: bool, db: Place | None) -> None:
    """Let the encoder that was encoded and compared answer, in every process, without a restart.

    Processes that serve make it ready first and say so; then all change within a second. Each answer is of one
    encoder, the one that its `model` names.
    """
    from service.cli.reindexing import alone, switch_to_next

    settings = _settings(db)
    with alone(settings):
        reports = switch_to_next(settings, agree=agree, force=force, wait=wait)
    _tell_switched(settings, reports, as_json=as_json)


@reindex.command()
@_force
@_wait
@_json
@db_option
def back(*, force: bool, wait: float, as_json: bool, db: Place | None) -> None:
    """Return to the encoder that answered before the last switch."""
    from service.cli.reindexing import turn_to
    from service.encoders import EncoderError, Ledger

    settings = _settings(db)
    with store_alone(settings) as store, store.alone():
        to = Ledger(store).state().former
        if to is None:
            raise EncoderError("There is nothing to go back to: nothing was switched, or its vectors were dropped.")
        reports = turn_to(store, settings, to, force=force, wait=wait)
    _tell_switched(settings, reports, as_json=as_json)


@reindex.command()
@_json
@db_option
def status(*, as_json: bool, db: Place | None) -> None:
    """Say which encoder answers, which ones the store is encoded with, and what is under way."""
    from service.cli.reindexing import agreed, counted
    from service.encoders import Ledger
    from service.runtime import present_of

    settings = _settings(db)
    with store_alone(settings) as store:
        state = Ledger(store).state()
        due, kept = store.encodings.due(), store.encodings.kept()
        roles = {"active": present_of(state), "former": state.former, "next": state.next}
        turn = None if state.turn is None or state.turn.asks else state.turn
        reports = Ledger(store).reports(turn.id).values() if turn else ()
    rows = {
        role: {
            "model": one.model,
            "encoder": one.encoder,
            "records": kept[one.model].records if one.model in kept else 0,
            "of": due,
            "bytes": kept[one.model].size if one.model in kept else 0,
            "compared": one.compared,
        }
        for role, one in roles.items()
        if one is not None
    }
    if as_json:
        _print_json({**rows, "switching": turn is not None, "processes": list(reports)})
        return
    for role, row in rows.items():
        click.echo(f"{role:<7} {row['model']}  {row['records']:,} of {row['of']:,} records, {row['bytes']:,} bytes")
        if (compared := roles[role]) is not None and compared.compared is not None:
            click.echo(f"        {agreed(compared.compared)}")
    if turn is not None:
        click.echo(f"A switch to {turn.to.model} was begun; {counted(list(reports))}.")


@reindex.command()
@click.option(
    "--next", "only_next", is_flag=True, help="Only what was encoded and not switched to: `back` stays possible."
)
@click.option("--force", is_flag=True, help="Let go though a process answers with one of them.")
@_json
@db_option
def drop(*, only_next: bool, force: bool, as_json: bool, db: Place | None) -> None:
    """Let go of the vectors of every encoder but the one that answers: there is no way back then.

    Processes that serve are asked first, for some seconds: nothing goes that one of them answers with.
    """
    from service.encoders import Ledger
    from service.reindex import drop as let_go
    from service.runtime import forget_index, present_of

    settings = _settings(db)
    with store_alone(settings) as store, store.alone():
        before = Ledger(store).state()
        present = present_of(before, threads=settings.threads)
        dropped, users = let_go(store, present, only_next=only_next, force=force)
        for one in filter(None, (before.next, None if only_next else before.former)):
            forget_index(settings, store, one)
    if as_json:
        _print_json({"dropped": dropped, "processes": users})
    else:
        for user in users:
            note(f"Process {user.pid} on {user.host} answers with {user.model}, which is gone: start it again.")
        for model, records in dropped.items():
            note(f"Let go of the vectors of {model}: {records:,} records.")
        if not dropped:
            note("There was nothing to let go of.")


def _settings(db: Place | None, *named: str | None) -> Settings:
    """The settings of this run, with the encoder that the store says: a pin is of processes that serve.

    What is named on the command line may be loaded by this run.
    """
    from msgspec import structs

    settings = settings_for(db)
    refuse_missing(settings, db)
    return structs.replace(settings, encoder=None, encoders=(*settings.encoders, *filter(None, named)))


def _tell_switched(settings: Settings, reports: Sequence[Report], *, as_json: bool) -> None:
    from service.encoders import Ledger
    from service.runtime import present_of

    with store_alone(settings) as store:
        model = present_of(Ledger(store).state()).model
    if as_json:
        _print_json({"model": model, "switched": True, "processes": list(reports)})
    else:
        _say_switched(model, reports)


def _say_switched(model: str, reports: Sequence[Report]) -> None:
    follow = sum(one.model == model for one in reports)
    there = f"{follow} of {len(reports)} processes that serve follow." if reports else "No process serves it now."
    note(f"{model} answers. {there} To return: rejoinder reindex back")
    for one in reports:
        if one.model != model:
            note(f"Process {one.pid} on {one.host} answers with {one.model}: {one.trouble or 'not ready yet'}")


def _sources(context: click.Context) -> Iterator[tuple[str, object]]:
    yield from ((name, context.get_parameter_source(name)) for name in context.params)


def _print_json(told: dict[str, Any]) -> None:
    import msgspec

    click.echo(msgspec.json.encode(told))
