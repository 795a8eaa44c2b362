"""A condition as cases: ways to make it true, each with what it asks of every column."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.atoms import Relation, asked
from glowplug.rehearsal.seeding.needs import ANYTHING, Needs, both
from glowplug.sql.condition import Call, Constant, Expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST = 64
"""Cases that are looked at: a condition may have exponentially many."""
_BOOLEAN = frozenset(
    {"and", "or", "not", "is null", "is", "in", "between", "=", "<>", "<", "<=", ">", ">=", "like", "xor"}
)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One way to make conditions true: all of ``needs``, ``relations`` and ``rest``, which is for trial."""

    needs: Mapping[str, Needs] = {}
    relations: tuple[Relation, ...] = ()
    rest: tuple[Expression, ...] = ()


ALWAYS = Case()


def cases(conditions: Iterable[tuple[Expression, bool]]) -> tuple[Case, ...]:
    """Find cases in which each condition is what is wanted of it; none: they contradict each other."""
    found: list[Case] = [ALWAYS]
    for condition, wanted in conditions:
        ways = list(itertools.islice(_ways(condition, wanted), MOST))
        joints = (joint for way in _spread(ways) for case in found if (joint := joined(case, way)) is not None)
        found = list(itertools.islice(joints, MOST))
    return tuple(found)


Literal = tuple[Expression, bool]


def _ways(expression: Expression, wanted: bool) -> Iterator[tuple[Literal, ...]]:  # noqa: FBT001 - what it is to be
    """Give conjunctions of plain conditions, each of which makes the expression as wanted."""
    if not isinstance(expression, Call):
        yield ((expression, wanted),)
        return
    name, arguments = expression.name, expression.arguments
    if name == "not":
        yield from _ways(arguments[0], not wanted)
    elif name in {"and", "or"}:
        if (name == "and") is wanted:
            for chosen in _product([list(itertools.islice(_ways(each, wanted), MOST)) for each in arguments]):
                yield tuple(itertools.chain.from_iterable(chosen))
        else:
            for each in arguments:
                yield from _ways(each, wanted)
    elif (expanded := _expanded(expression)) is not None:
        yield from _ways(expanded, wanted)
    else:
        yield ((expression, wanted),)


def _expanded(expression: Call) -> Expression | None:
    """Write what is AND and OR in disguise as such."""
    name, arguments = expression.name, expression.arguments
    if name == "between":
        value, low, high = arguments
        return Call("and", (Call(">=", (value, low)), Call("<=", (value, high))))
    if name in {"=", "<>", "is", "xor"} and all(_is_boolean(each) for each in arguments):
        left, right = arguments
        if name in {"<>", "xor"}:
            right = Call("not", (right,))
        return _either(Call("and", (left, right)), Call("and", (Call("not", (left,)), Call("not", (right,)))))
    if name == "case":
        return _case(arguments)
    if name in {"=", "<", "<=", ">", ">="} and isinstance(arguments[0], Call):
        counted = arguments[0]
        if counted.name in {"num_nonnulls", "num_nulls"} and isinstance(arguments[1], Constant):
            return _counted(counted, name, arguments[1])
        if counted.name in {"coalesce", "ifnull"} and counted.arguments:
            return _coalesced(counted, name, arguments[1])
    return None


def _is_boolean(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.name in _BOOLEAN


def _either(*ways: Expression) -> Expression:
    return ways[0] if len(ways) == 1 else Call("or", ways)


def _case(arguments: tuple[Expression, ...]) -> Expression:
    ways: list[Expression] = []
    before: tuple[Expression, ...] = ()
    for condition, result in zip(arguments[:-1:2], arguments[1::2], strict=True):
        ways.append(Call("and", (*before, condition, result)))
        before = (*before, Call("not", (condition,)))
    ways.append(Call("and", (*before, arguments[-1])))
    return _either(*ways)


def _counted(counted: Call, operator: str, right: Constant) -> Expression | None:
    size = len(counted.arguments)
    if counted.name == "num_nulls":
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
    try:
        number = int(str(right.value))
    except ValueError:
        return None
    number = size - number if counted.name == "num_nulls" else number
    allowed = [
        count
        for count in range(size + 1)
        if {
            "=": count == number,
            "<": count < number,
            "<=": count <= number,
            ">": count > number,
            ">=": count >= number,
        }[operator]
    ]
    chosen = (
        frozenset(each)
        for count in sorted(allowed, key=lambda count: (count == 0, count))
        for each in itertools.combinations(range(size), count)
    )
    ways = [
        Call(
            "and",
            tuple(
                Call("not", (Call("is null", (argument,)),)) if index in some else Call("is null", (argument,))
                for index, argument in enumerate(counted.arguments)
            ),
        )
        for some in itertools.islice(chosen, MOST)
    ]
    return _either(*ways) if ways else Constant(value=False)


def _coalesced(counted: Call, operator: str, right: Expression) -> Expression:
    first, *others = counted.arguments
    given = Call("and", (Call("not", (Call("is null", (first,)),)), Call(operator, (first, right))))
    if not others:
        return given
    rest = others[0] if len(others) == 1 else Call(counted.name, tuple(others))
    return _either(given, Call("and", (Call("is null", (first,)), Call(operator, (rest, right)))))


def _product(choices: list[list[tuple[Literal, ...]]]) -> Iterator[tuple[tuple[Literal, ...], ...]]:
    """Combine, so that the first few combinations use every choice, not only the last one's."""
    longest = max((len(each) for each in choices), default=0)
    if not all(choices):
        return
    seen = set()
    for index in range(longest):
        diagonal = tuple(index % len(each) for each in choices)
        seen.add(diagonal)
        yield tuple(each[at] for each, at in zip(choices, diagonal, strict=True))
    for places in itertools.product(*(range(len(each)) for each in choices)):
        if places not in seen:
            yield tuple(each[at] for each, at in zip(choices, places, strict=True))


def _spread(ways: list[tuple[Literal, ...]]) -> Iterator[Case]:
    for way in ways:
        case: Case | None = ALWAYS
        for expression, wanted in way:
            needs, relations, rest = asked(expression, wanted=wanted)
            case = None if case is None or needs is None else joined(case, _of(needs, relations, rest))
        if case is not None:
            yield case


def _of(needs: Mapping[str, Needs], relations: tuple[Relation, ...], rest: tuple[Expression, ...]) -> Case:
    return Case(needs=needs, relations=relations, rest=rest)


def joined(one: Case, other: Case) -> Case | None:
    """Join two cases; None where they contradict each other."""
    needs = dict(one.needs)
    for column, each in other.needs.items():
        joint = both(needs.get(column, ANYTHING), each)
        if joint is None or (joint.null is True and joint.among is not None):
            return None
        needs[column] = joint
    return Case(
        needs=needs,
        relations=tuple(dict.fromkeys((*one.relations, *other.relations))),
        rest=tuple(dict.fromkeys((*one.rest, *other.rest))),
    )
