# try/except/else/finally, with, raising from native operations, tracebacks, chaining.
# ==== caught_in_loop
# call: [1, 0, 2, 'x', None, 3.0, 0.0]
def f(values):
    out = []
    for value in values:
        try:
            out.append(10 // value)
        except ZeroDivisionError as error:
            out.append(str(error))
        except TypeError as error:
            out.append(type(error).__name__)
        else:
            out.append('fine')
        finally:
            out.append('finally')
    return out
# ==== caught_index_error
# call: [1, 2, 3], 5
# call: [], 2
def f(items, n):
    total = 0
    for i in range(n):
        try:
            total += items[i]
        except IndexError as error:
            total -= 1
            message = str(error)
            break
    else:
        message = 'none'
    return total, message
# ==== exception_state_of_locals
# call: 4
# call: 0
def f(n):
    a = b = c = 0
    try:
        for i in range(10):
            a = i
            b = a * 2.5
            c = 100 // (n - i)
    except ZeroDivisionError:
        return 'caught', a, b, c, i
    return a, b, c
# ==== finally_overrides
# call: 0
# call: 1
# call: 2
def f(n):
    for i in range(3):
        try:
            if n == 0:
                return 'try'
            if n == 1:
                1 // 0
        finally:
            if n == 1:
                return 'finally', i
            if n == 2:
                break
    return 'end', i
# ==== nested_try
# call: [1, 0]
# call: ['x', 0]
# call: [None, 1]
def f(values):
    out = []
    for value in values:
        try:
            try:
                out.append(1 / value)
            except ZeroDivisionError:
                out.append('inner')
                raise ValueError('converted') from None
            finally:
                out.append('inner finally')
        except ValueError as error:
            out.append(repr(error))
        except TypeError as error:
            out.append('type')
            raise
    return out
# ==== raise_chained
# call: 0
# call: 1
# call: 2
def f(n):
    try:
        1 // 0
    except ZeroDivisionError as error:
        if n == 0:
            raise KeyError('a')
        if n == 1:
            raise KeyError('b') from error
        raise
# ==== raise_forms
# call: 0
# call: 1
# call: 2
# call: 3
# call: 4
class Mine(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)
        self.extra = [a]
def f(n):
    if n == 0:
        raise ValueError
    if n == 1:
        raise ValueError('x', 2)
    if n == 2:
        raise Mine(1, 2)
    if n == 3:
        raise 5
    raise
# ==== with_statement
# call: 0
# call: 1
# call: 2
log = []
class Manager:
    def __init__(self, swallow):
        self.swallow = swallow
    def __enter__(self):
        log.append('enter')
        return 5
    def __exit__(self, kind, value, trace):
        log.append((kind and kind.__name__, str(value), trace and trace.tb_lineno))
        return self.swallow
def f(n):
    total = 0
    for i in range(3):
        with Manager(n == 1) as x, Manager(False):
            total += x
            if n and i == 1:
                total += [1, 2][i + n]
                total += 10 // (i - 1)
    return total
# ==== with_return_and_continue
# call: 5
log = []
class M:
    def __enter__(self):
        log.append('in')
    def __exit__(self, *args):
        log.append(('out', args[0]))
def f(n):
    for i in range(n):
        with M():
            if i == 1:
                continue
            if i == 3:
                return i
    return 'end'
# ==== assertion
# call: 1
# call: 0
# call: -1
def f(n):
    for i in range(3):
        assert n + i, f'message {n} {i}'
        assert n >= -5
    return n
# ==== traceback_lines_of_multiline_expression
# call: 1, 0
# call: 'a', 1
# call: 1, None
def f(a, b):
    return (
        a
        + 1
        + (
            a //
            b
        )
    )
# ==== traceback_lines_in_loop_body
# call: [3, 2, 1, 0]
# call: [1, 'x']
# call: [1, []]
def f(values):
    total = 0
    for value in values:
        total = total + (
            100 // value
        )
        total = total * value + total - value
    return total
# ==== traceback_same_line_many_ops
# call: 0, 1, 2
# call: 1, 0, 2
# call: 1, 2, 0
# call: 1, 2, 'x'
def f(a, b, c): return 1 / a + 1 / b + 1 / c + (a - b) * c
# ==== traceback_subscript_columns
# call: [[1], [2]], 0, 0
# call: [[1], [2]], 5, 0
# call: [[1], [2]], 0, 5
# call: [1], 0, 0
def f(a, i, j):
    return a[i][j] + a[j][i]
# ==== traceback_of_store
# call: [1, 2], 1
# call: [1, 2], 2
# call: (1, 2), 0
def f(a, i):
    x = 1
    a[0], a[i] = a[i - 1], x
    return a
# ==== traceback_of_call_arguments
# call: 0
# call: 1
# call: 2
def g(x, y):
    return 1 // x + [1][y]
def f(n):
    return g(g(1, 0), g(n,
                        n - 1))
# ==== traceback_of_comparison
# call: 1
# call: 'x'
# call: None
def f(a):
    count = 0
    while count < 3 and 0 <= a < 10:
        count += 1
    return count
# ==== traceback_of_iteration
# call: 5
# call: None
# call: [1]
def f(a):
    total = 0
    for x in a:
        total += x
    return total
# ==== traceback_of_unpack
# call: [(1, 2), (3,)]
# call: [(1, 2), (3, 4, 5)]
# call: [(1, 2), 3]
def f(items):
    total = 0
    for i in range(len(items)):
        a, b = items[i]
        total += a * b
    return total
# ==== traceback_in_nested_function
# call: 2
# call: 0
def f(n):
    def g(x):
        def h(y):
            return x // y
        return h(n) + h(n - 2)
    return g(5)
# ==== traceback_in_comprehension
# call: [1, 0]
# call: ['x']
def f(values):
    return [1 / v for v in values] + [v for v in values if v > 1]
# ==== traceback_in_lambda
# call: 0
def f(n):
    g = lambda x: 1 / x
    return g(n)
# ==== traceback_in_generator
# call: 0
def g(n):
    yield 1
    yield 1 // n
def f(n):
    total = 0
    for x in g(n):
        total += x
    return total
# ==== context_preserved_across_calls
# call: 0
def g(n):
    return 1 // n
def f(n):
    try:
        raise KeyError('outer')
    except KeyError:
        return g(n)
# ==== sys_exc_info_inside
# call: 3
import sys
def info():
    kind, value, trace = sys.exc_info()
    return kind and (kind.__name__, str(value), trace.tb_lineno)
def f(n):
    out = [info()]
    for i in range(n):
        try:
            out.append([1][i])
        except IndexError:
            out.append(info())
        out.append(info())
    return out
# ==== exception_groups
# call: 1
def f(n):
    out = []
    try:
        raise ExceptionGroup('many', [ValueError(n), TypeError('t')])
    except* ValueError as group:
        out.append(len(group.exceptions))
    except* TypeError as group:
        out.append(str(group.exceptions[0]))
    return out
# ==== overflow_errors
# call: 1e308
# call: 2
def f(x):
    out = []
    for i in range(3):
        try:
            out.append(x ** 2000.0)
        except OverflowError as error:
            out.append(str(error))
        try:
            out.append(float(10 ** 400) * x)
        except OverflowError as error:
            out.append(str(error))
        try:
            out.append(int(x * 1e308))
        except OverflowError as error:
            out.append(str(error))
    return out
# ==== shift_count_too_large
# call: 1, 2**64
# call: 0, 2**64
# call: 0, 2**62
# call: -1, -5
def f(a, n):
    return a << n
# ==== stop_iteration_from_next
# call: [1, 2]
def f(items):
    iterator = iter(items)
    total = 0
    for i in range(5):
        total += next(iterator)
    return total
# ==== retry_loop
# call: 5
attempts = 0
def flaky(k):
    global attempts
    attempts += 1
    if attempts % k:
        raise OSError(attempts)
    return attempts
def f(n):
    failures = 0
    while True:
        try:
            return flaky(n), failures
        except OSError as error:
            failures += error.args[0]
# ==== handler_changes_types
# call: [1, 0, 2]
def f(values):
    x = 1
    for value in values:
        try:
            x = x // value
        except ZeroDivisionError:
            x = 2.5
    return x
# ==== exception_reference_cycle_locals
# call: 3
def f(n):
    kept = []
    for i in range(n):
        try:
            raise ValueError(i)
        except ValueError as error:
            kept.append(error)
    return [e.args for e in kept], [e.__traceback__.tb_frame.f_locals['i'] for e in kept]
# ==== post_mortem_locals
# call: 5
def g(a, b):
    total = a * 2
    half = a / 2
    text = 'abc'
    for i in range(3):
        total += i
        values = [total, half]
    return total // b
def f(n):
    try:
        g(n, 0)
    except ZeroDivisionError as error:
        trace = error.__traceback__.tb_next
        return sorted(trace.tb_frame.f_locals.items()), trace.tb_lineno
# ==== raise_in_except_of_loop_else
# call: []
# call: [0]
def f(items):
    for item in items:
        try:
            1 // item
        except ZeroDivisionError:
            continue
    else:
        return [][0]
# ==== error_inside_finally
# call: 0
# call: 1
def f(n):
    try:
        x = 1 // n
    finally:
        y = [1][1 - n]
    return x, y
# ==== loop_inside_handler
# call: 10
def f(n):
    try:
        {}['missing']
    except KeyError as error:
        total = 0
        for i in range(n):
            total += i * i
        return total, error.args
# ==== system_exit_and_base_exceptions
# call: 0
# call: 1
# call: 2
def f(n):
    for i in range(2):
        if n == 0:
            raise SystemExit(3)
        if n == 1:
            raise GeneratorExit
        if n == 2:
            raise StopIteration(7)
