"""Strings and bytes: methods, formatting, building, searching, characters."""

KINDS = {"words": (5, ["['a', 'bc', '']", "'x y z'.split()", "['é', 'b' * 3]", "[]"])}

EXPRESSIONS = {
    "int": [
        "(<str>).find(<str>)", "(<str>).count(<'a'|'l'|str>)", "len(<str>)", "ord((<str> or 'x')[<0|-1>])", "sum(map(ord, <str>))",
        "len(<words>)", "(<str>).rfind('l')", "sum(c == 'a' for c in <str>)", "len((<str>).encode())", "(<bytes>).find(<int> & 255)",
        "int(<'12'|'-7'|'0x1f'|'1_0'>, 0)", "hash(<str>) * 0", "int(str(<int>))", "len(repr(<float>))",
    ],
    "bool": [
        "(<str>).startswith(<'a'|str>)", "(<str>).isdigit()", "(<str> in <str>)", "(<str> < <str>)", "(<str> == <str>)", "(<str>).isalpha()",
        "('a' <= (<str> or 'b')[0] <= 'z')", "(<str> in <words>)", "(not <str>)",
    ],
    "str": [
        "f'{<var:int>:>5}|{<var:float>:.2f}'", "f'{<var:int>!r:^7}{<var:str>!s}'", "f'{<var:int>:#x}{<n>}'", "f'{<var:str>[:3]:*^6}'", "'%d-%s' % (<int>, <str>)", "'%5.1f' % <float>",
        "'{}{:>4}'.format(<str>, <int>)", "(<str>).upper()", "(<str>).replace(<'a'|'l'>, <'b'|''|'xx'>)", "(<str>).strip('a ')", "','.join(<words>)",
        "(<str>).title()", "(<str>)[::-1]", "(<str>).zfill(<n>)", "(<str>).partition('l')[<0|1|2>]", "str(<ints>)[:10]", "(<bytes>).hex()",
        "(<str>).ljust(<n>, '.')", "(<str>).join(<words>)[:12]", "''.join(c for c in <str> if c != 'l')", "''.join(reversed(<str>))", "ascii(<str>)", "str(<bool>)",
        "(<str>).casefold().swapcase()", "chr(ord((<str> or 'a')[0]) + 1)", "(<str>).expandtabs()", "repr(<int>)", "format(<int>, ',')",
    ],
    "words": ["(<str>).split(<''|'l'|' '>or None)", "list(<str>)", "(<str>).splitlines()", "[w + '!' for w in <words>]", "sorted(<words>)", "[<str>, <str>]"],
    "bytes": ["(<str>).encode()", "bytes(reversed(<bytes>))", "(<bytes>).upper()", "<bytes> + <bytes>[:3]", "b','.join([<bytes>, <bytes>])[:9]"],
}  # fmt: skip

STATEMENTS = [
    (4, "<put:words> = <words>"),
    (4, "<s=own:str> = <str>\nfor <c=new:str> in <str>[:9]:\n    <s> += <c>\n    <block*9>"),
    (3, "<s=own:str> = ''\nfor <i=new:int> in range(<4|12>):\n    <s> += <'a'|str->[:3]\n    if <bool>: <s> = <s>[1:]\nlog.append(<s>[-30:])"),
    (2, "for <c=new:str> in <str>:\n    if <c> in <'aeiou'|('a','l')|{'a':1}>:\n        <block*5>\n    elif <c>.<isalpha|isupper|isdigit>():\n        <block*5>"),
    (2, "for <i=new:int>, <c=new:str> in enumerate(<str>[:9]):\n    <block*9>"),
    (2, "for <w=new:str> in <var:words>:\n    <block*4>"),
    (1, "<a=put:str>, _, <b=put:str> = (<str>).partition(<'l'|' '>)"),
    (1, "<i=own:int> = 0\n<t=own:str> = <str>\nwhile <i> < len(<t>) and <t>[<i>] != <'z'|'l'>:\n    <i> += 1\n    <block*8>"),
    (1, "if len(w := <var:words>) < 9: w.append(<str>)"),
    (1, "<var:words>.sort(key=<len|str.lower|ord>)"),
    (1, "print(<str>, <int>, sep=<','|' '>, end='<|!>')"),
]
