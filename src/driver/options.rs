//! The options of the process: one row gives name, environment variable, default and help.

/// A value of an option.
#[derive(Clone, PartialEq, Debug)]
pub enum OptionValue {
    /// On or off.
    Flag(bool),
    /// A number.
    Number(u32),
    /// A comma-separated list or free text.
    Text(String),
}

/// One row.
pub struct OptionRow {
    /// Name in `jit.config` and (where it makes sense) in `@jit(...)`.
    pub name: &'static str,
    /// Environment variable.
    pub variable: &'static str,
    /// Value when nobody says otherwise.
    pub default: fn() -> OptionValue,
    /// For people.
    pub help: &'static str,
}

macro_rules! define_options {
    ($($field:ident: $kind:ident($default:expr), $variable:literal, $help:literal;)*) => {
        /// Every option, in table order.
        pub const OPTIONS: &[OptionRow] = &[$(OptionRow {
            name: stringify!($field),
            variable: $variable,
            default: || OptionValue::$kind($default),
            help: $help,
        }),*];
    };
}

define_options! {
    disable: Flag(false), "BROLGA_DISABLE", "leave every decorated function as it is";
    threshold: Number(50), "BROLGA_THRESHOLD", "calls before a function without loops is compiled; one with loops is at its second call, if this is not 1";
    loop_threshold: Number(1000), "BROLGA_LOOP_THRESHOLD", "turns of a loop after which it is compiled and entered while it runs; 0 means never";
    neighbours: Flag(true), "BROLGA_NEIGHBOURS", "functions of the same module that call a compiled function, or that it calls, come under the JIT with it";
    auto: Flag(false), "BROLGA_AUTO", "every function of the program comes under the JIT, as after jit.enable(); takes effect when Python starts";
    compile_share: Number(10), "BROLGA_COMPILE_SHARE", "percent of the run time that compiling may take of functions that nobody decorated (jit.enable); 100 means no bound";
    only: Text(String::new()), "BROLGA_ONLY", "functions that may be compiled, all others are not: MODULE.QUALNAME (comma-separated), or @FILE with a name per line";
    skip: Text(String::new()), "BROLGA_SKIP", "functions that are not compiled, in the same form";
    record: Text(String::new()), "BROLGA_RECORD", "file to which the name of each compiled function is appended, in that form";
    log: Text(String::new()), "BROLGA_LOG", "events to log on standard error: compile, exit, loop, neighbour, refuse, timing, trial, verify (comma-separated)";
    dump: Text(String::new()), "BROLGA_DUMP", "listings to print on standard error when compiling: KIND:NAME (comma-separated), KIND being hir, clif or asm, NAME a function's qualified name, with or without its module, or all";
    stress: Text(String::new()), "BROLGA_STRESS", "stress modes (comma-separated): verify, exit:all, refcheck";
    verify: Flag(false), "BROLGA_VERIFY", "run a sample of calls in the interpreter too, with copies of the arguments, and report what differs";
    disable_passes: Text(String::new()), "BROLGA_DISABLE_PASSES", "passes to skip (comma-separated), to find the one that makes a difference";
    pass_limit: Number(u32::MAX), "BROLGA_PASS_LIMIT", "run only so many passes, to find the one that makes a difference";
}

/// The options as they are now.
#[derive(Clone, Debug)]
pub struct Config {
    values: Vec<OptionValue>,
}

impl Config {
    /// Defaults, then the environment. Also what of the environment is malformed.
    pub fn from_environment() -> (Config, Vec<String>) {
        let mut problems = Vec::new();
        let values = OPTIONS
            .iter()
            .map(|row| {
                let default = (row.default)();
                let Some(text) = std::env::var_os(row.variable) else {
                    return default;
                };
                let text = text.to_string_lossy().into_owned();
                parse(&default, &text).unwrap_or_else(|expected| {
                    problems.push(format!(
                        "{}={text:?} is ignored: expected {expected}",
                        row.variable
                    ));
                    default
                })
            })
            .collect();
        (Config { values }, problems)
    }

    /// Value of a row.
    pub fn get(&self, name: &str) -> Option<&OptionValue> {
        let row = OPTIONS.iter().position(|row| row.name == name)?;
        self.values.get(row)
    }

    /// Sets a row; the error says what is expected.
    pub fn set(&mut self, name: &str, value: OptionValue) -> Result<(), String> {
        let row = OPTIONS
            .iter()
            .position(|row| row.name == name)
            .ok_or_else(|| format!("there is no option {name:?}"))?;
        if std::mem::discriminant(&self.values[row]) != std::mem::discriminant(&value) {
            return Err(format!("option {name:?} takes {}", kind(&self.values[row])));
        }
        self.values[row] = value;
        Ok(())
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(OptionValue::Flag(true)))
    }

    /// A number.
    pub fn number(&self, name: &str) -> u32 {
        match self.get(name) {
            Some(OptionValue::Number(value)) => *value,
            _ => 0,
        }
    }

    /// A text.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(OptionValue::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// Does the list contain the word?
    pub fn lists(&self, name: &str, word: &str) -> bool {
        match self.get(name) {
            Some(OptionValue::Text(text)) => text.split(',').any(|part| part.trim() == word),
            _ => false,
        }
    }

    /// The list.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(OptionValue::Text(text)) => text
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn kind(value: &OptionValue) -> &'static str {
    match value {
        OptionValue::Flag(_) => "True or False",
        OptionValue::Number(_) => "a whole number",
        OptionValue::Text(_) => "a text",
    }
}

fn parse(default: &OptionValue, text: &str) -> Result<OptionValue, &'static str> {
    match default {
        OptionValue::Flag(_) => match text {
            "" | "0" | "no" | "false" => Ok(OptionValue::Flag(false)),
            "1" | "yes" | "true" => Ok(OptionValue::Flag(true)),
            _ => Err("0 or 1"),
        },
        OptionValue::Number(_) => text
            .parse()
            .map(OptionValue::Number)
            .map_err(|_| "a whole number"),
        OptionValue::Text(_) => Ok(OptionValue::Text(text.to_owned())),
    }
}
