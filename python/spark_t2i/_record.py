"""`record`: frozen classes with slots, as ``dataclasses`` makes them, without the 25 ms that its import takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeVar

    from typing_extensions import dataclass_transform

    Class = TypeVar("Class", bound=type)
else:

    def dataclass_transform(**_options):
        return lambda decorator: decorator


# Long, and it may hold the prompt.
_NOT_SHOWN = "raw"


def public(cls: Class) -> Class:
    """Gives a class the address that users import it from, for tracebacks and for pickles that outlive our modules."""
    cls.__module__ = "spark_t2i"
    return cls


@dataclass_transform(frozen_default=True)
def record(cls: Class) -> Class:
    """Makes a frozen class with slots out of one that only annotates its fields.

    It is compared, hashed, shown, pickled and matched by its fields in their order, and ``copy.replace`` changes them.
    Methods that the class defines itself are kept.
    """
    fields = tuple(cls.__annotations__)
    namespace = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    if "__init__" not in namespace:
        namespace["__init__"] = _initialiser(cls, fields)
    generated = {
        "__match_args__": fields,
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash,
        "__replace__": _replace,
        "__getstate__": _values,
        "__setstate__": _set_state,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
    }
    # A class with slots has to be made with them: they cannot be added.
    metaclass: Any = type(cls)
    made: Class = metaclass(cls.__name__, cls.__bases__, {**generated, **namespace, "__slots__": fields})
    return made


def _initialiser(cls: type, fields: tuple[str, ...]) -> Any:
    lines = [f"def __init__(self, {', '.join(fields)}):"]
    lines += [f"    set_field(self, {field!r}, {field})" for field in fields]
    names: dict[str, Any] = {"set_field": object.__setattr__}
    exec("\n".join(lines), names)
    made = names["__init__"]
    made.__annotations__ = {**cls.__annotations__, "return": None}
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def set_fields(self: object, **values: object) -> None:
    """For a class with an ``__init__`` of its own."""
    for field, value in values.items():
        object.__setattr__(self, field, value)


def fields_of(self: Any) -> dict[str, Any]:
    """The fields by their names."""
    return {field: getattr(self, field) for field in self.__slots__}


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, field) for field in self.__slots__])


def _set_state(self: Any, values: tuple[Any, ...]) -> None:
    for field, value in zip(self.__slots__, values):
        object.__setattr__(self, field, value)


def _repr(self: Any) -> str:
    shown = (f"{field}={getattr(self, field)!r}" for field in self.__slots__ if field != _NOT_SHOWN)
    return f"{type(self).__name__}({', '.join(shown)})"


def _eq(self: Any, other: object) -> object:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _replace(self: Any, /, **changes: Any) -> Any:
    return type(self)(**{**fields_of(self), **changes})


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise AttributeError(f"cannot set {name!r}: a {type(self).__name__} does not change")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise AttributeError(f"cannot delete {name!r}: a {type(self).__name__} does not change")
