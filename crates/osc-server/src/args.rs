//! The arguments of a message, read one by one with their names, defaults and ranges.

use crate::ids::{self, BufferId};
use crate::refusal::{Refusal, RefusalKind, quote};
use crate::stretch_method_names;
use crate::units::{MovementLevel, Quantity};
use crowd_engine::tempo::Phase;
use crowd_engine::{Band, DeckId, StretchMethod};
use rosc::OscType;
use std::fmt;
use std::ops::RangeInclusive;

/// One argument, as it was received.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// `i`, `h`, or a whole number in a score.
    Int(i64),
    /// `f`, `d`, or a number in a score. Not checked: may be NaN.
    Float(f64),
    /// `s`, `c`; may hold a number.
    Text(String),
    /// `T`, `F`.
    Bool(bool),
    /// A type that no handler accepts, by its name.
    Other(&'static str),
}

impl Arg {
    /// Converts decoded OSC arguments. An array is replaced by its items, so that the empty array that one client sends
    /// with `/reset` gives no argument.
    #[must_use]
    pub fn from_osc(args: Vec<OscType>) -> Vec<Self> {
        let mut out = Vec::with_capacity(args.len());
        Self::flatten(args, &mut out);
        out
    }

    /// Recurses once for each nested array. [`crate::datagram::decode`] limits the nesting.
    fn flatten(args: Vec<OscType>, out: &mut Vec<Self>) {
        for arg in args {
            out.push(match arg {
                OscType::Int(v) => Self::Int(v.into()),
                OscType::Long(v) => Self::Int(v),
                OscType::Float(v) => Self::Float(v.into()),
                OscType::Double(v) => Self::Float(v),
                OscType::String(v) => Self::Text(v),
                OscType::Char(v) => Self::Text(v.into()),
                OscType::Bool(v) => Self::Bool(v),
                OscType::Array(v) => {
                    Self::flatten(v.content, out);
                    continue;
                }
                OscType::Blob(_) => Self::Other("a blob"),
                OscType::Time(_) => Self::Other("a time tag"),
                OscType::Color(_) => Self::Other("a colour"),
                OscType::Midi(_) => Self::Other("a MIDI message"),
                OscType::Nil => Self::Other("nil"),
                OscType::Inf => Self::Other("an impulse"),
            });
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number, or of a text that holds a number; not necessarily finite.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Int(v) => Some(*v as f64),
            Self::Float(v) => Some(*v),
            Self::Text(v) => v.trim().parse().ok(),
            Self::Bool(v) => Some(f64::from(u8::from(*v))),
            Self::Other(_) => None,
        }
    }

    /// The value of a whole number, or of a text that holds a whole number.
    fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(v) => Some(*v),
            other => other.number().filter(|v| v.fract() == 0.0 && v.abs() < 9e15).map(|v| v as i64),
        }
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(v) => v.fmt(f),
            Self::Float(v) => v.fmt(f),
            Self::Text(v) => write!(f, "{:?}", quote(v)),
            Self::Bool(v) => v.fmt(f),
            Self::Other(v) => v.fmt(f),
        }
    }
}

/// The arguments of one message, read from the first to the last.
#[derive(Debug)]
pub struct Args<'a> {
    address: &'a str,
    usage: &'a str,
    rest: &'a [Arg],
    read_count: usize,
}

impl<'a> Args<'a> {
    /// The arguments of a message to `address`; `usage` is appended to every error text.
    #[must_use]
    pub const fn new(address: &'a str, usage: &'a str, args: &'a [Arg]) -> Self {
        Self { address, usage, rest: args, read_count: 0 }
    }

    /// The number of arguments that are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// A refusal of the argument `name`, which was read last.
    #[must_use]
    pub fn refuse(&self, name: &str, problem: impl fmt::Display) -> Refusal {
        Refusal::new(
            RefusalKind::BadArgument,
            self.address,
            format!("argument {} ({name}) {problem}; usage: {} {}", self.read_count, self.address, self.usage),
        )
    }

    fn next(&mut self) -> Option<&'a Arg> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.read_count += 1;
        Some(first)
    }

    fn required(&mut self, name: &str) -> Result<&'a Arg, Refusal> {
        self.next().ok_or_else(|| {
            Refusal::new(
                RefusalKind::BadArgument,
                self.address,
                format!("argument {} ({name}) is missing; usage: {} {}", self.read_count + 1, self.address, self.usage),
            )
        })
    }

    /// Reads a number in the range of `Q`.
    ///
    /// # Errors
    /// When it is missing, not a number, not finite or out of range.
    pub fn quantity<Q: Quantity>(&mut self, name: &str) -> Result<Q, Refusal> {
        let arg = self.required(name)?;
        self.check_quantity(name, arg)
    }

    /// Like [`quantity`](Self::quantity), with a default for an argument that is left out.
    ///
    /// # Errors
    /// When it is not a number, not finite or out of range.
    pub fn quantity_or<Q: Quantity>(&mut self, name: &str, default: f64) -> Result<Q, Refusal> {
        let default = Arg::Float(default);
        let arg = self.next().unwrap_or(&default);
        self.check_quantity(name, arg)
    }

    fn check_quantity<Q: Quantity>(&self, name: &str, arg: &Arg) -> Result<Q, Refusal> {
        let value = self.finite(name, arg)?;
        Q::checked(value).ok_or_else(|| self.outside(name, value, &Q::RANGE))
    }

    /// Reads a finite number within `range`.
    ///
    /// # Errors
    /// When it is missing, not a number, not finite or out of range.
    pub fn number(&mut self, name: &str, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
        let arg = self.required(name)?;
        self.check_number(name, arg, range)
    }

    /// Like [`number`](Self::number), with a default for an argument that is left out.
    ///
    /// # Errors
    /// When it is not a number, not finite or out of range.
    pub fn number_or(&mut self, name: &str, default: f64, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
        match self.next() {
            Some(arg) => self.check_number(name, arg, range),
            None => Ok(default),
        }
    }

    fn check_number(&self, name: &str, arg: &Arg, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
        let value = self.finite(name, arg)?;
        if range.contains(&value) { Ok(value) } else { Err(self.outside(name, value, range)) }
    }

    fn finite(&self, name: &str, arg: &Arg) -> Result<f64, Refusal> {
        let Some(value) = arg.number() else {
            return Err(self.refuse(name, format_args!("is {arg}, not a number")));
        };
        if !value.is_finite() {
            return Err(self.refuse(name, format_args!("is {value}: only finite numbers are valid")));
        }
        Ok(value)
    }

    fn outside<T: fmt::Display>(&self, name: &str, value: impl fmt::Display, range: &RangeInclusive<T>) -> Refusal {
        self.refuse(name, format_args!("is {value}, outside {} to {}", range.start(), range.end()))
    }

    /// Reads a whole number within `range`. A float such as 3.0 is a whole number too.
    ///
    /// # Errors
    /// When it is missing, not a whole number or out of range.
    pub fn whole<T>(&mut self, name: &str, range: &RangeInclusive<T>) -> Result<T, Refusal>
    where
        T: TryFrom<i64> + PartialOrd + fmt::Display,
    {
        let arg = self.required(name)?;
        let Some(value) = arg.whole() else {
            return Err(self.refuse(name, format_args!("is {arg}, not a whole number")));
        };
        let inside = T::try_from(value).ok().filter(|value| range.contains(value));
        inside.ok_or_else(|| self.outside(name, value, range))
    }

    /// Reads how much the crowd moves. Any finite number is valid; it is clamped to 0 to 1.
    ///
    /// # Errors
    /// When it is missing, not a number or not finite.
    pub fn movement(&mut self, name: &str) -> Result<MovementLevel, Refusal> {
        let arg = self.required(name)?;
        self.finite(name, arg).map(MovementLevel::clamped)
    }

    /// Reads a switch: the number 0 or 1, in any type or as text, or T or F.
    ///
    /// # Errors
    /// When it is missing, or neither 0 nor 1.
    pub fn switch(&mut self, name: &str) -> Result<bool, Refusal> {
        let arg = self.required(name)?;
        match arg.number() {
            Some(0.0) => Ok(false),
            Some(1.0) => Ok(true),
            _ => Err(self.refuse(name, format_args!("is {arg}; 0 or 1 is needed"))),
        }
    }

    /// Like [`switch`](Self::switch), with a default for an argument that is left out.
    ///
    /// # Errors
    /// When it is neither 0 nor 1.
    pub fn switch_or(&mut self, name: &str, default: bool) -> Result<bool, Refusal> {
        if self.rest.is_empty() { Ok(default) } else { self.switch(name) }
    }

    /// Reads a text that is not empty.
    ///
    /// # Errors
    /// When it is missing, empty or not text.
    pub fn text(&mut self, name: &str) -> Result<&'a str, Refusal> {
        match self.required(name)? {
            Arg::Text(text) if text.is_empty() => Err(self.refuse(name, "is empty")),
            Arg::Text(text) => Ok(text),
            other => Err(self.refuse(name, format_args!("is {other}, not text"))),
        }
    }

    /// Reads a deck letter.
    ///
    /// # Errors
    /// When it is missing, or not A to D.
    pub fn deck(&mut self, name: &str) -> Result<DeckId, Refusal> {
        let arg = self.required(name)?;
        arg.text()
            .and_then(ids::deck)
            .ok_or_else(|| self.refuse(name, format_args!("is {arg}, not a deck; decks are A, B, C, D")))
    }

    /// Reads an equaliser band.
    ///
    /// # Errors
    /// When it is missing, or none of low, mid and high.
    pub fn band(&mut self, name: &str) -> Result<Band, Refusal> {
        let arg = self.required(name)?;
        arg.text()
            .and_then(ids::band)
            .ok_or_else(|| self.refuse(name, format_args!("is {arg}, not a band; bands are low, mid, high")))
    }

    /// Reads a stretch method.
    ///
    /// # Errors
    /// When it is missing, or not the name of a method.
    pub fn stretch_method(&mut self, name: &str) -> Result<StretchMethod, Refusal> {
        let arg = self.required(name)?;
        let problem = format_args!("is {arg}, not a method; methods are playback_rate, wsola, hq");
        arg.text().and_then(stretch_method_names::stretch_method).ok_or_else(|| self.refuse(name, problem))
    }

    /// Reads whether the beats or the bars of a deck are kept in sync with the clock. 0 is neither, and 1 is the beats.
    ///
    /// # Errors
    /// When it is missing, or none of beat, phase, bar, 0 and 1.
    pub fn phase(&mut self, name: &str) -> Result<Option<Phase>, Refusal> {
        let arg = self.required(name)?;
        match (arg.text().map(str::to_ascii_lowercase).as_deref(), arg.number()) {
            (Some("beat" | "phase"), _) | (_, Some(1.0)) => Ok(Some(Phase::Beat)),
            (Some("bar"), _) => Ok(Some(Phase::Bar)),
            (_, Some(0.0)) => Ok(None),
            _ => Err(self.refuse(name, format_args!("is {arg}; beat, bar or 0 is needed"))),
        }
    }

    /// Reads a buffer id.
    ///
    /// # Errors
    /// When it is missing, not a whole number, or in no deck's range.
    pub fn buffer_id(&mut self, name: &str) -> Result<BufferId, Refusal> {
        let id = self.whole(name, &(i64::MIN..=i64::MAX))?;
        BufferId::new(id).ok_or_else(|| {
            self.refuse(
                name,
                format_args!("is {id}, in no deck; ids are A 100-1099, B 1100-2099, C 2100-3099, D 3100-4099"),
            )
        })
    }

    /// Reads all arguments that are left, as text for a log line.
    pub fn words(&mut self) -> Vec<String> {
        let rest = std::mem::take(&mut self.rest);
        self.read_count += rest.len();
        rest.iter().map(|arg| arg.text().map_or_else(|| arg.to_string(), quote)).collect()
    }

    /// Whether the next argument is a number, or a text that holds one.
    #[must_use]
    pub fn number_is_next(&self) -> bool {
        self.rest.first().is_some_and(|arg| arg.number().is_some())
    }

    /// Whether the next argument is 0, as a number or as text.
    #[must_use]
    pub fn zero_is_next(&self) -> bool {
        self.rest.first().and_then(Arg::number) == Some(0.0)
    }

    /// Skips all arguments that are left.
    pub const fn ignore_rest(&mut self) {
        self.rest = &[];
    }

    /// Checks that all arguments were read.
    ///
    /// # Errors
    /// When there is another argument, which the text names.
    pub fn finish(&self) -> Result<(), Refusal> {
        match self.rest.first() {
            None => Ok(()),
            Some(arg) => Err(Refusal::new(
                RefusalKind::BadArgument,
                self.address,
                format!(
                    "argument {} ({arg}) is one too many; usage: {} {}",
                    self.read_count + 1,
                    self.address,
                    self.usage
                ),
            )),
        }
    }
}
