"""The search language for people who know Splunk's: text in, one SQL statement out. Nothing here touches a file, the engine or Arrow.

    text ─ parser, terms, expression, shapes, grammar ─▶ tree ─ compile: commands over a frame ─▶ SQL

**A command** is a file in `commands/` with a `Declaration`: its syntax, options, the shapes of its parts (`shapes.py`), examples that a test
runs, and a function `(frame, command) -> frame`. It gets a line in `commands/__init__.py` and a case in `tests/search/`. In it

- `frame.value(name, at)` is a field's `Value` (SQL and kind; null where no row has it), `evaluate(frame, expression)` an expression's;
- `frame.put(name, value)` sets a field, `frame.where(sql)` keeps rows, `frame.first(n)` takes the first in order, `frame.hide(name)` takes a field away;
- `frame.order` is the order of rows; who changes it sets it; `frame.numbered()` makes a column of it;
- `frame.grouped(keys, aggregates)` and then `frame.tabled(fields, order)` make a table of rows;
- `frame.close()` ends the open SELECT and gives its name, `Step(...)` is one of one's own making (joins: `charting.py`);
- SQL is made by `sql.py` only: `sql.fn(name, …)`, `sql.op("+", a, b)`, `sql.case(…)`; no text is pasted;
- `frame.fail(at, problem, hint)` refuses, with a caret at character `at`: what can't mean what Splunk means is refused.

**A function** of `eval` is a line in a table of `functions/` (syntax, arguments, builder, an example and what it gives, which a test asks the
engine); **an aggregate** one in `aggregates.py`.

Kinds of values, and how they are taken for one another: `values.py`. Where rows come from: `base.py`. Fields that no column has are found in
the entry's map and message when they are named (`extract.py`).
"""
