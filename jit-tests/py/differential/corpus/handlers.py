# Exceptions that an operation raises and a handler of the same function catches: the handlers that need no
# exception object run native, whatever else they do must be the interpreter's.
# ==== returns_from_handler
# call: 7, 2
# call: 7, 0
# call: 7.5, 0.0
# call: -7.5, 2
# call: True, False
# call: 2 ** 70, 0
# call: 'x', 0
def f(a, b):
    try:
        return a // b
    except ZeroDivisionError:
        return -1
# ==== returns_an_argument
# call: [4, 2, 0, 'z', 3.5, None]
def f(values):
    def quotient(a, b, default):
        try:
            return a / b
        except ZeroDivisionError:
            return default
    return [quotient(12, value, value) for value in values if value != 'z' and value is not None] + [
        quotient(1, 0, text) for text in values]
# ==== goes_on_behind_it
# call: 300, 7
# call: 300, 1
# call: 300, 1000
def f(n, m):
    total = 0
    for i in range(n):
        try:
            total += n // (i % m)
        except ZeroDivisionError:
            total -= 1
        total ^= i
    return total
# ==== overflows_in_handler
# call: 40
def f(n):
    total = 1
    for i in range(n):
        try:
            total += 1 // (i % 2)
        except ZeroDivisionError:
            total *= 12345678
        total += 1
    return total
# ==== state_before_the_failure
# call: 60
def f(n):
    count = 0
    last = None
    for i in range(n):
        try:
            count += 1
            last = i
            count += 10 // (i % 3)
            last = -i
        except ZeroDivisionError:
            count += 1000
            if False:
                return 'never'
        count += last
    return count, last
# ==== index_errors_of_every_container
# call: 30
def f(n):
    out = []
    for box in ([1, 2, 3], (4, 5, 6), b'abc', bytearray(b'xyz'), 'pqr'):
        found = missed = 0
        for i in range(-n, n):
            try:
                box[i]
                found += 1
            except IndexError:
                missed += 1
        out.append((found, missed))
    return out
# ==== stores_out_of_range
# call: 20
def f(n):
    items = [0] * 5
    missed = 0
    for i in range(n):
        try:
            items[i - 8] = i * 1.5
        except IndexError:
            missed += 1
            continue
        missed += 10
    return items, missed
# ==== until_the_end_of_a_list
# call: [3, 1, 2], 0
# call: [], 0
# call: [1.5] * 40, -3
def f(items, start):
    total = 0
    i = start
    while True:
        try:
            item = items[i]
            i += 1
        except IndexError:
            break
        total += item
    return total, i
# ==== tuples_and_bases
# call: 50
def f(n):
    out = [0, 0, 0, 0]
    for i in range(n):
        try:
            out[0] += 1 // (i % 5)
        except (KeyError, ArithmeticError):
            out[1] += 1
        except ValueError:
            out[2] += 1
        try:
            out[0] += [1, 2][i % 3]
        except KeyError:
            out[2] += 100
        except LookupError:
            out[3] += 1
    return out
# ==== not_the_class_that_is_raised
# call: 10
def f(n):
    total = 0
    for i in range(n, -1, -1):
        try:
            total += 5 // i
        except (KeyError, IndexError):
            total = -1
    return total
# ==== catches_everything
# call: 33
def f(n):
    total = 0
    for i in range(n):
        try:
            total += i % (i % 4)
        except:
            continue
        total += 1
    return total
# ==== no_class_at_all
# call: 0
# call: 1
def f(n):
    caught = 0
    for i in range(6):
        try:
            1 // (i % 3 if n else i + 1)
        except 5:
            caught += 1
    return caught
# ==== the_empty_tuple
# call: 4
def f(n):
    caught = 0
    for i in range(n, -1, -1):
        try:
            1 // i
        except ():
            caught += 1
    return caught
# ==== classes_of_the_program
# call: 30
class Wider(ZeroDivisionError):
    pass
class Other(Exception):
    pass
def f(n):
    total = 0
    for i in range(n):
        try:
            try:
                total += 1 // (i % 3)
            except (Wider, Other):
                total += 1000
        except ArithmeticError:
            total += 10
    return total
# ==== class_changes_meanwhile
# call: 40
Caught = ZeroDivisionError
def f(n):
    global Caught
    total = 0
    try:
        for i in range(n):
            if i == 25:
                Caught = KeyError
            try:
                total += 1 // (i % 4)
            except Caught:
                total += 100
    except ZeroDivisionError:
        return 'outside', total, i
    finally:
        Caught = ZeroDivisionError
    return total
# ==== builtin_hidden_meanwhile
# call: 40
def f(n):
    total = 0
    try:
        for i in range(n):
            if i == 21:
                globals()['ZeroDivisionError'] = ValueError
            try:
                total += 1 // (i % 4)
            except ZeroDivisionError:
                total += 100
    except ArithmeticError as error:
        return type(error).__name__, total, i
    finally:
        globals().pop('ZeroDivisionError', None)
    return total
# ==== nested_handlers
# call: 60
def f(n):
    total = 0
    for i in range(n):
        try:
            try:
                total += 7 // (i % 3)
            except ZeroDivisionError:
                total += [1, 2, 3][i % 5]
        except IndexError:
            total += 1000
    return total
# ==== divides_in_handler
# call: 60
def f(n):
    total = 0
    for i in range(n):
        try:
            try:
                total += 7 // (i % 3)
            except ZeroDivisionError:
                total += 9 // (i % 2)
        except ZeroDivisionError:
            total += 1000
    return total
# ==== finally_runs
# call: 30
def f(n):
    total = ends = 0
    for i in range(n):
        try:
            total += 3 // (i % 3)
        except ZeroDivisionError:
            total += 100
        finally:
            ends += 1
    return total, ends
# ==== only_finally
# call: 30
def f(n):
    total = ends = 0
    for i in range(n):
        try:
            try:
                total += 3 // (i % 3)
            finally:
                ends += 1
        except ZeroDivisionError:
            total += 100
    return total, ends
# ==== looks_at_the_exception
# call: 30
import sys
def f(n):
    out = []
    for i in range(n):
        try:
            i // (i % 3)
        except ZeroDivisionError:
            out.append(str(sys.exc_info()[1]))
            out.append(sys.exc_info()[2].tb_lineno)
    return out, sys.exc_info()
# ==== handled_within_a_handler
# call: 30
import sys
def f(n):
    out = []
    try:
        raise KeyError('outer')
    except KeyError:
        total = 0
        for i in range(n):
            try:
                total += 1 // (i % 3)
            except ZeroDivisionError:
                total += 10
        out.append((total, type(sys.exc_info()[1]).__name__))
        try:
            1 // 0
        except ZeroDivisionError as error:
            out.append(type(error.__context__).__name__)
    return out, sys.exc_info()
# ==== raises_behind_a_native_handler
# call: 30
def f(n):
    total = 0
    for i in range(n):
        try:
            total += 1 // (i % 3)
        except ZeroDivisionError:
            total += 10
    try:
        raise ValueError(total)
    except ValueError as error:
        return error.args, error.__context__
# ==== raises_in_the_handler
# call: 5
# call: 0
def f(n):
    try:
        return 10 // n
    except ZeroDivisionError:
        raise ValueError('no')
# ==== named_exception_is_unbound_behind
# call: 12
def f(n):
    total = 0
    for i in range(n):
        try:
            total += 10 // (i % 3)
        except ZeroDivisionError as error:
            total -= 1
    try:
        return error
    except UnboundLocalError:
        return total
# ==== variable_without_value_in_handler
# call: 0
# call: 3
def f(n):
    try:
        x = 10 // n
    except ZeroDivisionError:
        y = 1
    try:
        return x + y
    except UnboundLocalError as error:
        return str(error)
# ==== objects_in_handler
# call: 30
class Loud:
    def __init__(self, log):
        self.log = log
    def __del__(self):
        self.log.append('gone')
def f(n):
    log = []
    thing = None
    for i in range(n):
        try:
            thing = Loud(log)
            i // (i % 3)
        except ZeroDivisionError:
            thing = None
            log.append(i)
    thing = None
    return log
# ==== rare_then_often
# call: 400
def f(n):
    def one(i, limit):
        try:
            return i // (1 if i < limit else i % 2)
        except ZeroDivisionError:
            return -i
    return [one(i, 300) for i in range(n)]
# ==== with_and_try
# call: 30
class Manager:
    def __init__(self, log):
        self.log = log
    def __enter__(self):
        return self
    def __exit__(self, kind, value, trace):
        self.log.append(kind.__name__ if kind else None)
        return True
def f(n):
    log = []
    total = 0
    for i in range(n):
        with Manager(log):
            try:
                total += 1 // (i % 3)
                total += 1 // (i % 5)
            except KeyError:
                total += 100
    return total, log
# ==== recursion_and_handlers
# call: 15
def f(n):
    try:
        return 100 // n + f(n - 1)
    except ZeroDivisionError:
        return 7
# ==== continues_and_breaks
# call: 90
def f(n):
    total = 0
    i = 0
    while i < n:
        i += 1
        try:
            total += 1000 % (i % 6)
        except ZeroDivisionError:
            if i > 70:
                break
            continue
        else:
            total += 3
        total ^= i
    return total, i
# ==== float_divisions
# call: 60
def f(n):
    total = 0.0
    for i in range(n):
        x = (i % 5) * 0.5
        try:
            total += 1.5 / x
            total += i % x
            total += i // x
        except ZeroDivisionError:
            total -= 0.25
    return total
# ==== missing_keys
# call: 200
def f(n):
    table = {k: k * k for k in range(100)}
    total = 0
    for i in range(n):
        try:
            total += table[i % 110]
        except KeyError:
            total -= 1
    return total
# ==== missing_strings_and_others
# call: 60
def f(n):
    table = {'a': 1, 'b': None, (1, 2): 3, 2.0: 4, None: 5, 'end': 6}
    keys = ['a', 'b', 'c', (1, 2), (2, 1), 2, 2.5, None, True, 'e' + 'nd']
    found = []
    missed = 0
    for i in range(n):
        try:
            found.append(table[keys[i % len(keys)]])
        except KeyError:
            missed += 1
    return found, missed
# ==== missing_and_looked_at
# call: 60
def f(n):
    table = {1: 2}
    out = []
    for i in range(n):
        try:
            out.append(table[i % 3])
        except KeyError as error:
            out.append(error.args)
    return out
# ==== keys_with_code_of_their_own
# call: 40
class Key:
    def __init__(self, value, log):
        self.value = value
        self.log = log
    def __hash__(self):
        self.log.append('hash')
        if self.value == 7:
            raise KeyError('hash')
        return 1
    def __eq__(self, other):
        self.log.append('eq')
        return self.value == getattr(other, 'value', other)
def f(n):
    log = []
    table = {Key(1, log): 'one', 1: 'int'}
    missed = 0
    for i in range(n):
        key = i % 4 if i < 20 else Key(i % 9, log)
        try:
            log.append(table[key])
        except KeyError:
            missed += 1
    return log, missed
# ==== unhashable_keys
# call: 40
def f(n):
    table = {1: 2}
    caught = [0, 0]
    keys = [1, 2, [], 3, {}]
    for i in range(n):
        try:
            table[keys[i % 5]]
        except KeyError:
            caught[0] += 1
        except TypeError:
            caught[1] += 1
    return caught
# ==== missing_method
# call: 40
from collections import defaultdict
class Table(dict):
    def __missing__(self, key):
        if key % 2:
            raise KeyError(key)
        return -key
def f(n):
    out = []
    for table in ({1: 1}, Table({1: 1}), defaultdict(int)):
        total = missed = 0
        for i in range(n):
            try:
                total += table[i]
            except KeyError:
                missed += 1
        out.append((total, missed, len(table)))
    return out
# ==== temporaries_die
# call: 30
class Loud:
    def __init__(self, log):
        self.log = log
    def __del__(self):
        self.log.append('gone')
def f(n):
    log = []
    for i in range(n):
        try:
            {1: Loud(log)}[i % 3]
            log.append('found')
        except KeyError:
            log.append(i)
    return log
# ==== returns_where_a_handler_goes_on
# call: 300
def f(n):
    def one(k):
        total = k
        text = 'x'
        def inner():
            nonlocal total
            total += 1
        try:
            if k % 2:
                raise ValueError
            inner()
        except Exception:
            i = 0
            while i < 6:
                i += 1
                for j in range(3):
                    total += j
        return (k, text, total, n)
    return [one(k) for k in range(n)][-2:]
# ==== tries_in_a_row
# call: 50
def f(n):
    total = 0
    for i in range(n):
        try:
            total += 1 // (i % 2)
        except ZeroDivisionError:
            total += 1
        try:
            total += 1 // (i % 3)
        except ZeroDivisionError:
            total += 2
            try:
                total += [1, 2][i % 4]
            except IndexError:
                total += 4
            total += 8
        while i < 3:
            i += 1
            try:
                total += {1: 2}[i]
            except KeyError:
                total += 16
                continue
            try:
                total //= i - 2
            except ZeroDivisionError:
                break
    return total
