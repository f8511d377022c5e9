"""Slices with steps, stores and deletions of slices, swaps, numbers at the borders of machine words."""

BORDER = "<2**30|2**31|2**62|2**63|2**64|-2**63|2**63-1|-2**31|2**30-1|-2**62>"
STEP = "<1|2|-1|-2|3|int->"

EXPRESSIONS = {
    "int": [
        f"({BORDER} + <int>)", f"({BORDER} - <int>)", f"({BORDER} // (<int> or 1))", f"({BORDER} % (<int> or 7))", f"(<int> & {BORDER})",
        f"(<int> ^ {BORDER})", f"({BORDER} >> (<int> & 127))", f"(<int> * {BORDER} & 0xFFFFFFFF)", f"(-{BORDER} | <int>)",
        "(<int> << (<int> & 3))", "(~<int> >> 31)", f"hash({BORDER} + <int>)", "int(<float> % 1e6)", "divmod(<int>, <int> or -3)[<0|1>]",
        "int.from_bytes((<int> & 0xFFFF).to_bytes(<2|4>, 'little'), 'big')", "len(range(<int>, <int>, <1|-2|3>)) % 97",
        "(<int>).__add__(<n>)", "(<int>).bit_count()", "sum(<ints>[::2])", "<ints>[::-1][0]",
    ],
    "float": [
        "(<float> - <float>)", "(0.0 * <int>)", "(-0.0 + <float>)", "(<float> * float('inf'))", "(<int> * 1e308)", f"float({BORDER})",
        "(<float> // (<float> or 0.5))", "(<float> % (<float> or -0.5))", "math.fmod(<float> % 1e9, 7.0)", "math.copysign(<float>, -<float>)",
        "divmod(<float>, <float> or 2.5)[1]", f"({BORDER} / (<int> or 1))", "math.hypot(<float> % 9, <float> % 9)", "(<float> ** 2)",
        "float(<int>).__float__()", "(math.floor(<float> % 1000) * 0.5)",
    ],
    "bool": [
        f"(<int> < {BORDER})", f"(<float> >= {BORDER})", f"(float({BORDER}) == {BORDER} + <n>)", "(<float> != <float>)", "math.isnan(<float>)",
        "(<int> < <float> <= <int>)", "(str(<float>) == '-0.0')", f"(<int> == {BORDER} == <int>)", "(<float> is <float>)", "(<int> <= <int> < <int> > <int>)",
    ],
    "ints": [f"<ints>[<int->::{STEP} or 1]", f"<ints>[:<int->:{STEP} or 1]", "<ints>[-3:]", f"[x + {BORDER} for x in range(<n>)]", "(<ints>[<int>:<int>] * 2)"],
    "floats": [f"<floats>[::{STEP} or 1]", "(<floats>[1:] + <floats>[:1])"],
    "str": [f"<str>[::{STEP} or 1]", "<str>[<int->:<int->]", "(<str>[-2:] * <n>)", "hex(<int>)[:12]", "format(<float>, '.3g')"],
    "bytes": [f"<bytes>[::{STEP} or 1]", "<bytes>[<int->:]"],
}  # fmt: skip

STATEMENTS = [
    (3, "<var:ints>[<1|2|:1|0|-1>:<2|-1|4>] = <ints>[:3]"),
    (2, "try:\n    <var:ints>[::<2|-1|-2>] = <ints>\nexcept ValueError as <e=tmp>:\n    log.append(str(<e>))"),
    (2, "del <var:ints>[<1:|::2|-1:|:2|1:3>]"),
    (3, "<a=var:int>, <b=var:int>, <c=var:int> = <c>, <a>, <b>"),
    (2, "<a=var:ints>[:], <b=var:int> = <a>[1:], <int>"),
    (3, "<put:int> = <int>; <a=var:int> = <a> + <int> & 0x7FFFFFFFFFFFFFFF"),
    (3, f"<i=own:int> = {BORDER}\nwhile <i> < {BORDER} and <i> % 16:\n    <i> += <1|3>\n    <block*16>"),
    (3, f"for <i=new:int> in range(s := {BORDER}, s + <3|9>):\n    <block*9>"),
    (2, f"for <i=new:int> in range(s := {BORDER}, s - <3|9>, -<1|2>):\n    <block*9>"),
    (2, "<x=own:int> = <int> & 0xFFFFFFFFFFFFFFFF\nfor <i=new:int> in range(<5|30>):\n    <x> = (<x> * 6364136223846793005 + <i>) & 0xFFFFFFFFFFFFFFFF\n    <x> ^= <x> >> <7|33>\n    <block*30>"),
    (2, "<x=own:float> = <float>\nfor <i=new:int> in range(<5|30>):\n    <x> = <x> * <0.5|-0.25|1.5|0.0> + <float>\n    <block*30>"),
    (1, "<n=own:int> = 1\nfor <i=new:int> in range(<20|35|70>):\n    <n> = <n> * <2|3|-2|7> + <i>\nlog.append(<n> & 0xFFFFFFFF)"),
]
