//! Reads the captured code in `jit-tests/decode/<version>/`.

use std::fs;
use std::path::Path;

use brolga::bytecode::{Code, CodeBytes, ConstView, Handler, LocalView, Version, decode};

/// What `dis` says of one instruction.
pub struct Fact {
    pub unit: u32,
    pub name: String,
    pub adaptive_name: String,
    pub target: Option<u32>,
    pub line: Option<u32>,
    pub end_line: Option<u32>,
    pub column: Option<u32>,
    pub end_column: Option<u32>,
}

pub struct Captured {
    pub bytes: CodeBytes,
    pub warm: bool,
    pub facts: Vec<Fact>,
    pub handlers: Vec<Handler>,
}

impl Captured {
    pub fn label(&self) -> String {
        format!("3.{} {}", self.bytes.version.minor(), self.bytes.qualname)
    }

    pub fn decode(&self) -> Code {
        decode(&self.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.label()))
    }
}

fn unhex(text: &str) -> Vec<u8> {
    if text == "-" {
        return Vec::new();
    }
    let digits: Vec<u8> = text
        .bytes()
        .map(|b| (b as char).to_digit(16).expect("hex") as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn unhex_text(text: &str) -> String {
    String::from_utf8(unhex(text)).expect("UTF-8")
}

fn optional(text: &str) -> Option<u32> {
    (text != "-").then(|| text.parse().expect("a number"))
}

fn hex_float(text: &str) -> f64 {
    // `float.hex` of the captured constants; only their being floats matters here.
    let negative = text.starts_with('-');
    if negative { -1.0 } else { 1.0 }
}

fn constant<'a>(fields: &[&str], lines: &mut impl Iterator<Item = &'a str>) -> ConstView {
    match fields[0] {
        "none" => ConstView::None,
        "bool" => ConstView::Bool(fields[1] == "1"),
        "int" => match fields[1].parse() {
            Ok(small) => ConstView::Int(small),
            Err(_) => ConstView::BigInt(fields[1].to_string()),
        },
        "float" => ConstView::Float(hex_float(fields[1])),
        "str" => ConstView::Str(unhex_text(fields[1])),
        "bytes" => ConstView::Bytes(unhex(fields[1])),
        "tuple" => {
            let count: usize = fields[1].parse().expect("a number");
            let mut items = Vec::new();
            while items.len() < count {
                let line = lines.next().expect("the items of a tuple");
                let fields: Vec<&str> = line.split(' ').collect();
                items.push(constant(&fields[1..], lines));
            }
            ConstView::Tuple(items)
        }
        "code" => ConstView::Code,
        "ellipsis" => ConstView::Ellipsis,
        "other" => ConstView::Other,
        unknown => panic!("constant of kind {unknown}"),
    }
}

pub fn empty(version: Version) -> CodeBytes {
    CodeBytes {
        version,
        code: Vec::new(),
        adaptive: Vec::new(),
        consts: Vec::new(),
        names: Vec::new(),
        localsplus: Vec::new(),
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        nlocals: 0,
        nlocalsplus: 0,
        nfreevars: 0,
        stacksize: 0,
        flags: 0,
        exceptiontable: Vec::new(),
        linetable: Vec::new(),
        firstlineno: 0,
        name: String::new(),
        qualname: String::new(),
        filename: String::new(),
    }
}

fn parse(text: &str, version: Version) -> Vec<Captured> {
    let mut result: Vec<Captured> = Vec::new();
    let mut warm = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let fields: Vec<&str> = line.split(' ').collect();
        if fields[0] == "#" {
            continue;
        }
        if fields[0] == "warm" {
            warm = true;
            continue;
        }
        if fields[0] == "code" {
            let mut bytes = empty(version);
            bytes.qualname = unhex_text(fields[1]);
            result.push(Captured {
                bytes,
                warm,
                facts: Vec::new(),
                handlers: Vec::new(),
            });
            warm = false;
            continue;
        }
        let captured = result.last_mut().expect("a code line first");
        let bytes = &mut captured.bytes;
        let number = |index: usize| fields[index].parse::<u32>().expect("a number");
        match fields[0] {
            "name" => bytes.name = unhex_text(fields[1]),
            "counts" => {
                bytes.argcount = number(1);
                bytes.posonlyargcount = number(2);
                bytes.kwonlyargcount = number(3);
                bytes.nlocals = number(4);
                bytes.nfreevars = number(5);
                bytes.stacksize = number(6);
                bytes.flags = number(7);
                bytes.firstlineno = number(8);
            }
            "bytes" => bytes.code = unhex(fields[1]),
            "adaptive" => bytes.adaptive = unhex(fields[1]),
            "exceptiontable" => bytes.exceptiontable = unhex(fields[1]),
            "linetable" => bytes.linetable = unhex(fields[1]),
            "slot" => {
                let (kind, is_arg) = (number(2) as u8, fields[3] == "1");
                bytes
                    .localsplus
                    .push(LocalView::from_kind(fields[1].to_string(), kind, is_arg));
                bytes.nlocalsplus += 1;
            }
            "global" => bytes.names.push(fields[1].to_string()),
            "const" => bytes.consts.push(constant(&fields[1..], &mut lines)),
            "instr" => captured.facts.push(Fact {
                unit: number(1),
                name: fields[2].to_string(),
                adaptive_name: fields[3].to_string(),
                target: optional(fields[5]),
                line: optional(fields[6]),
                end_line: optional(fields[7]),
                column: optional(fields[8]),
                end_column: optional(fields[9]),
            }),
            "handler" => captured.handlers.push(Handler {
                start: number(1),
                end: number(2),
                target: number(3),
                depth: number(4),
                lasti: fields[5] == "1",
            }),
            unknown => panic!("line of kind {unknown}"),
        }
    }
    result
}

pub fn captured() -> Vec<Captured> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("jit-tests/decode");
    let mut result = Vec::new();
    for version in Version::ALL {
        let folder = root.join(format!("3.{}", version.minor()));
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a folder entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        files.sort();
        assert!(
            !files.is_empty(),
            "nothing captured in {}",
            folder.display()
        );
        for file in files {
            result.extend(parse(
                &fs::read_to_string(file).expect("a text file"),
                version,
            ));
        }
    }
    result
}
