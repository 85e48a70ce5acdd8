//! Renders the same mix with SuperCollider's server, without a device: `scsynth -N`.
//!
//! Each deck has a `PlayBuf` (looped, cubic interpolation) at the rate, a low shelf, a peak filter and a high shelf on
//! each channel, and a gain. The sum of the decks passes through tanh. The file formats follow SuperCollider's
//! documentation ("Synth Definition File Format", "Non-Realtime Synthesis").

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};

/// The rendered mix. The differences between the costs of the mixes are the costs of their stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// Silence.
    Empty,
    /// The sum of the decks.
    Decks,
    /// The sum of the decks with equalisers and tanh.
    Full,
}

/// Renders `seconds` of a mix of four decks that all play `track` to `out`.
///
/// # Errors
/// When scsynth cannot be started or fails.
pub fn render(mix: Mix, rate: f32, seconds: f64, track: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let decks = if mix == Mix::Empty { 0 } else { 4 };
    let definitions = [b"SCgf".to_vec(), vec![0, 0, 0, 2, 0, 2], deck(mix == Mix::Full), master()].concat();
    let mut start = vec![message("/d_recv", vec![OscType::Blob(definitions)])];
    let path = track.to_str().ok_or("the track's path is not UTF-8")?;
    for n in 0..decks {
        start.push(message("/b_allocRead", vec![OscType::Int(n), path.into()]));
    }
    for n in 0..decks {
        let controls: [OscType; 4] = ["buffer".into(), (n as f32).into(), "rate".into(), rate.into()];
        start.push(message("/s_new", [synth("deck", 1_000 + n), controls.to_vec()].concat()));
    }
    if mix == Mix::Full {
        start.push(message("/s_new", synth("master", 2_000)));
    }
    let mut score = Vec::new();
    for message in start {
        append(&mut score, 0.0, message)?;
    }
    append(&mut score, seconds, message("/c_set", vec![OscType::Int(0), OscType::Float(0.0)]))?;
    let score_path = out.with_extension("osc");
    std::fs::write(&score_path, score)?;
    let status = Command::new("scsynth")
        .arg("-N")
        .args([&score_path, Path::new("_"), out])
        .args(["44100", "WAV", "float", "-o", "2", "-i", "0", "-m", "131072", "-D", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("scsynth failed: {status}").into()) }
}

/// The arguments of `/s_new`: name, number, added at the tail of the root group.
fn synth(name: &str, number: i32) -> Vec<OscType> {
    vec![name.into(), OscType::Int(number), OscType::Int(1), OscType::Int(0)]
}

fn message(address: &str, args: Vec<OscType>) -> OscPacket {
    OscPacket::Message(OscMessage { addr: address.into(), args })
}

/// A line of a score: the length of a bundle and the bundle, whose time is relative to the start.
fn append(score: &mut Vec<u8>, seconds: f64, packet: OscPacket) -> Result<(), Box<dyn Error>> {
    let timetag = OscTime { seconds: seconds as u32, fractional: (seconds.fract() * 4_294_967_296.0) as u32 };
    let bundle = encoder::encode(&OscPacket::Bundle(OscBundle { timetag, content: vec![packet] }))?;
    score.extend((bundle.len() as i32).to_be_bytes());
    score.extend(bundle);
    Ok(())
}

/// A unit's input: output `1` of unit `0`, or a constant.
#[derive(Clone, Copy)]
enum Input {
    From(i32, i32),
    Constant(f32),
}

/// A builder of a synth definition.
#[derive(Default)]
struct Definition {
    constants: Vec<f32>,
    units: Vec<u8>,
    count: i32,
}

impl Definition {
    /// Adds a unit; `rate` is 1 for control, 2 for audio. Returns its number.
    fn unit(&mut self, class: &str, rate: u8, special: i16, inputs: &[Input], outputs: i32) -> i32 {
        self.units.extend(pascal(class));
        self.units.push(rate);
        self.units.extend((inputs.len() as i32).to_be_bytes());
        self.units.extend(outputs.to_be_bytes());
        self.units.extend(special.to_be_bytes());
        for input in inputs {
            let (unit, output) = match *input {
                Input::From(unit, output) => (unit, output),
                Input::Constant(value) => {
                    let known = self.constants.iter().position(|c| c.to_bits() == value.to_bits());
                    let index = known.unwrap_or_else(|| {
                        self.constants.push(value);
                        self.constants.len() - 1
                    });
                    (-1, index as i32)
                }
            };
            self.units.extend(unit.to_be_bytes());
            self.units.extend(output.to_be_bytes());
        }
        self.units.extend(std::iter::repeat_n(rate, outputs as usize));
        self.count += 1;
        self.count - 1
    }

    fn finish(self, name: &str, parameters: &[(&str, f32)]) -> Vec<u8> {
        let mut bytes = pascal(name);
        bytes.extend((self.constants.len() as i32).to_be_bytes());
        bytes.extend(self.constants.iter().flat_map(|c| c.to_be_bytes()));
        bytes.extend((parameters.len() as i32).to_be_bytes());
        bytes.extend(parameters.iter().flat_map(|(_, value)| value.to_be_bytes()));
        bytes.extend((parameters.len() as i32).to_be_bytes());
        for (index, (name, _)) in parameters.iter().enumerate() {
            bytes.extend(pascal(name));
            bytes.extend((index as i32).to_be_bytes());
        }
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(self.units);
        bytes.extend([0, 0]);
        bytes
    }
}

fn pascal(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

fn deck(equaliser: bool) -> Vec<u8> {
    use Input::{Constant, From};
    const CONTROLS: [(&str, f32); 6] =
        [("buffer", 0.0), ("rate", 1.0), ("gain", 0.2), ("low", -6.0), ("mid", 3.0), ("high", -3.0)];
    let mut it = Definition::default();
    let control = it.unit("Control", 1, 0, &[], CONTROLS.len() as i32);
    let read = [From(control, 0), From(control, 1), Constant(1.0), Constant(0.0), Constant(1.0), Constant(0.0)];
    let player = it.unit("PlayBuf", 2, 0, &read, 2);
    let mut sides = [From(player, 0), From(player, 1)];
    for side in &mut sides {
        if equaliser {
            for (class, hertz, width, gain) in
                [("BLowShelf", 200.0, 1.0, 3), ("BPeakEQ", 800.0, 0.7, 4), ("BHiShelf", 2_500.0, 1.0, 5)]
            {
                let inputs = [*side, Constant(hertz), Constant(width), From(control, gain)];
                *side = From(it.unit(class, 2, 0, &inputs, 1), 0);
            }
        }
        const MULTIPLY: i16 = 2;
        *side = From(it.unit("BinaryOpUGen", 2, MULTIPLY, &[*side, From(control, 2)], 1), 0);
    }
    it.unit("Out", 2, 0, &[Constant(0.0), sides[0], sides[1]], 0);
    it.finish("deck", &CONTROLS)
}

fn master() -> Vec<u8> {
    const TANH: i16 = 36;
    let mut it = Definition::default();
    let sum = it.unit("In", 2, 0, &[Input::Constant(0.0)], 2);
    let sides = [0, 1].map(|side| Input::From(it.unit("UnaryOpUGen", 2, TANH, &[Input::From(sum, side)], 1), 0));
    it.unit("ReplaceOut", 2, 0, &[Input::Constant(0.0), sides[0], sides[1]], 0);
    it.finish("master", &[])
}
