"""Functions that run in other threads: one after another, or at the same time on data of their own."""

PRELUDE = [
    """
def in_thread(function, *values):
    box = []
    def work():
        try:
            box.append(function(*values))
        except Exception as error:
            box.append(type(error).__name__)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return box[0]
""",
    """
def mixed_up(seed, turns):
    x = seed & 0xFFFFFFFF
    items = [0] * 8
    for i in range(turns):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        items[i & 7] += x >> 16
        if i & 63 == 0:
            items = items[1:] + [float(x)]
    return x, items
def at_once(count, turns):
    boxes = [[] for _ in range(count)]
    def work(k):
        boxes[k].append(mixed_up(k, turns))
        boxes[k].append(mixed_up(-k, turns))
    threads = [threading.Thread(target=work, args=(k,)) for k in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    return boxes
""",
]

EXPRESSIONS = {
    "int": ["len(at_once(3, <50|300>))"],
    "ints": ["[row[0][0] for row in at_once(<2|3>, <20|400>)]"],
}

STATEMENTS = [
    (3, "log.append(in_thread(lambda k: <int>, <int>))"),
    (2, "log.append(in_thread(lambda: [<int> for _ in range(3)]))"),
    (2, "log.append(at_once(<2|3>, <40|200>))"),
    (1, "<n=own:int> = 0\ndef <f=tmp>():\n    nonlocal <n>\n    for <i=tmp> in range(20): <n> += <i>\nin_thread(<f>)"),
]
