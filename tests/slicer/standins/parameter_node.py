"""Stand-in for ``slicer.parameterNodeWrapper``: typed fields in a parameter node, bound to widgets by exact type.

As strict as the real one where a mistake would show there: unknown names, widgets of the wrong kind, combo boxes
without ``Choice``, sliders without ``WithinRange``, values out of bounds.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable
from typing import Any

import slicer
import vtk


class WithinRange:
    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


class Choice:
    def __init__(self, choices: Any) -> None:
        self.choices = choices

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be in one of the following: {self.choices}")


class _Field:
    def __init__(self, name: str, hint: Any, default: Any) -> None:
        self.name = name
        self.notes = getattr(hint, "__metadata__", ())
        self.kind = getattr(hint, "__origin__", hint)
        self.is_node = issubclass(self.kind, slicer.vtkMRMLNode)
        if not self.is_node and self.kind not in (bool, int, float, str):
            raise TypeError(f"no serializer for {name}: {self.kind}")
        self.default = default if default is not None or self.is_node else self.kind()

    def read(self, node: Any) -> Any:
        if self.is_node:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        return text == "True" if self.kind is bool else self.kind(text)

    def write(self, node: Any, value: Any) -> None:
        for note in self.notes:
            note.validate(value)
        if self.is_node:
            if value is not None and not isinstance(value, self.kind):
                raise TypeError(f"{self.name} must be a {self.kind.__name__}, is {value.GetClassName()}")
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            return
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not self.kind:
            raise TypeError(f"{self.name} must be a {self.kind.__name__}, is {type(value).__name__}")
        node.SetParameter(self.name, str(value))

    def note(self, kind: type) -> Any:
        return next((note for note in self.notes if isinstance(note, kind)), None)


class _Link:
    """One widget and one field; the rules of guiConnectors.py for the widgets that we use."""

    def __init__(self, widget: Any, field: _Field) -> None:
        self.widget, self.field = widget, field
        kind = widget.className()
        maker = {
            "QCheckBox": self._check_box,
            "QComboBox": self._combo_box,
            "QLineEdit": self._line_edit,
            "QDoubleSpinBox": self._number,
            "ctkSliderWidget": self._number,
            "qMRMLNodeComboBox": self._node,
        }.get(kind)
        if maker is None:
            raise RuntimeError(f"Unable to create GUI connector from '{field.kind}' to '{kind}' ({field.name})")
        self.signal, self.read, self.write = maker()

    def _need(self, kind: type) -> None:
        if self.field.kind is not kind:
            raise RuntimeError(f"'{self.field.name}' is {self.field.kind}, its widget is for {kind}")

    def _check_box(self) -> tuple[str, Callable[[], Any], Callable[[Any], None]]:
        self._need(bool)
        w = self.widget
        return "stateChanged", lambda: w.checked, lambda value: setattr(w, "checked", value)

    def _line_edit(self) -> tuple[str, Callable[[], Any], Callable[[Any], None]]:
        self._need(str)
        w = self.widget
        return "textChanged", lambda: w.text, lambda value: setattr(w, "text", value)

    def _combo_box(self) -> tuple[str, Callable[[], Any], Callable[[Any], None]]:
        self._need(str)
        w, choice = self.widget, self.field.note(Choice)
        if choice is None:
            raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
        w.clear()
        for text in choice.choices:
            w.addItem(text)
        write = lambda value: setattr(w, "currentIndex", list(choice.choices).index(value))  # noqa: E731
        return "currentIndexChanged", lambda: choice.choices[w.currentIndex], write

    def _number(self) -> tuple[str, Callable[[], Any], Callable[[Any], None]]:
        self._need(float)
        w, bounds = self.widget, self.field.note(WithinRange)
        if bounds is None and w.className() == "ctkSliderWidget":
            raise RuntimeError("Cannot have a connection to ctkSliderWidget where the float types is unbounded.")
        if bounds is not None:
            w.minimum, w.maximum = float(bounds.minimum), float(bounds.maximum)
        return "valueChanged", lambda: w.value, lambda value: setattr(w, "value", value)

    def _node(self) -> tuple[str, Callable[[], Any], Callable[[Any], None]]:
        w = self.widget
        if not self.field.is_node:
            raise RuntimeError(f"'{self.field.name}' is no node")
        return "currentNodeChanged", w.currentNode, w.setCurrentNode


class _Wrapper:
    """The wrapper around one parameter node, with the habits of Slicer's own.

    They are in its developer guide and its source (Base/Python/slicer/parameterNodeWrapper), and are held by
    test_parameters.py: ``connectGui`` says no tag, so that what it binds cannot be let go; tags begin at 0;
    the observer that brings values to widgets stays after ``disconnectGui``; values are brought in one go, during
    which widgets do not write back; a value out of bounds raises and changes nothing.
    """

    def __init__(self, node: Any, prefix: str | None = None) -> None:
        self.parameterNode = node
        self._links: dict[int, list[tuple[_Link, Callable[..., None]]]] = {}
        self._next = 0
        self._updating = False
        for field in self.allParameters.values():
            if not field.is_node and not node.GetParameter(field.name):
                if field.default == "" and field.kind is str:
                    continue  # an empty parameter is stored as none
                field.write(node, field.default)

    def connectGui(self, ui: Any) -> None:
        named = {}
        for widget in vars(ui).values():
            name = widget.property("SlicerParameterName")
            if name:
                named[name] = widget
        self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        for name in mapping:
            self._check(name)
        links = [_Link(widget, self.allParameters[name]) for name, widget in mapping.items()]
        tag, self._next = self._next, self._next + 1
        self._links[tag] = bound = []
        for link in links:
            link.write(self._value(link.field))
            slot = self._slot(link)
            getattr(link.widget, link.signal).connect(slot)
            bound.append((link, slot))
        self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *ignored: self._to_gui())
        return tag

    def disconnectGui(self, tag: int | None) -> None:
        for link, slot in self._links.pop(tag, []):
            getattr(link.widget, link.signal).disconnect(slot)

    def _check(self, name: str) -> None:
        if name not in self.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}")

    def getValue(self, name: str) -> Any:
        self._check(name)
        return getattr(self, name)

    def setValue(self, name: str, value: Any) -> None:
        self._check(name)
        setattr(self, name, value)

    def StartModify(self) -> Any:
        return self.parameterNode.StartModify()

    def EndModify(self, before: Any) -> None:
        self.parameterNode.EndModify(before)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    def _value(self, field: _Field) -> Any:
        return field.read(self.parameterNode)

    def _slot(self, link: _Link) -> Callable[..., None]:
        def changed(*ignored: Any) -> None:
            with slicer.util.NodeModify(self):
                if not self._updating:
                    link.field.write(self.parameterNode, link.read())

        return changed

    def _to_gui(self) -> None:
        if self._updating:
            return
        self._updating = True
        try:
            with slicer.util.NodeModify(self):
                for bound in self._links.values():
                    for link, _ in bound:
                        link.write(self._value(link.field))
        finally:
            self._updating = False

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)


def parameterNodeWrapper(cls: type) -> type:
    """Class with a property for each annotated field."""
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = {name: _Field(name, hint, getattr(cls, name, None)) for name, hint in hints.items()}

    def access(field: _Field) -> property:
        return property(lambda s: field.read(s.parameterNode), lambda s, v: field.write(s.parameterNode, v))

    members = {name: access(field) for name, field in fields.items()}
    return type(cls.__name__, (_Wrapper,), {**members, "allParameters": fields, "__module__": cls.__module__})


def install() -> None:
    """Make ``slicer.parameterNodeWrapper`` importable."""
    module = types.ModuleType("slicer.parameterNodeWrapper")
    for thing in (WithinRange, Choice, parameterNodeWrapper):
        setattr(module, thing.__name__, thing)
    sys.modules[module.__name__] = slicer.parameterNodeWrapper = module
