//! A small sound font for tests: presets that play one looped sine.

/// The frames of a period of the sine, which sounds at key 69.
const PERIOD: usize = 100;
const PERIODS: usize = 20;

/// A sound font with a preset in bank 0 for each of these program numbers. Its only sample is a sine that sounds in tune.
pub fn sine_font(programs: &[u8]) -> Vec<u8> {
    let wave: Vec<i16> = (0..PERIOD * PERIODS)
        .map(|n| ((n as f64 / PERIOD as f64 * std::f64::consts::TAU).sin() * 20_000.0) as i16)
        .collect();
    // Silence follows every sample.
    let mut samples: Vec<u8> = wave.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    samples.extend([0; 92]);
    let mut info = chunk(b"ifil", &[2, 0, 1, 0]);
    info.extend(chunk(b"isng", b"EMU8000\0"));
    info.extend(chunk(b"INAM", b"sine\0\0"));
    let mut body = list(b"INFO", &info);
    body.extend(list(b"sdta", &chunk(b"smpl", &samples)));
    body.extend(list(b"pdta", &tables(programs, wave.len() as u32)));
    let mut form = b"sfbk".to_vec();
    form.extend(body);
    chunk(b"RIFF", &form)
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((body.len() as u32).to_le_bytes());
    chunk.extend(body);
    chunk
}

fn list(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut list = name.to_vec();
    list.extend(body);
    chunk(b"LIST", &list)
}

fn name(text: &str) -> Vec<u8> {
    let mut name = text.as_bytes().to_vec();
    name.resize(20, 0);
    name
}

/// The tables of presets, instruments and samples, each with its last entry.
fn tables(programs: &[u8], frames: u32) -> Vec<u8> {
    let short = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let (mut presets, mut zones, mut generators) = (Vec::new(), Vec::new(), Vec::new());
    for (number, program) in (0_u16..).zip(programs) {
        presets.extend(name("sine"));
        presets.extend(short(&[u16::from(*program), 0, number]));
        presets.extend([0; 12]);
        zones.extend(short(&[number, 0]));
        // Generator 41: the instrument.
        generators.extend(short(&[41, 0]));
    }
    let count = programs.len() as u16;
    presets.extend(name("EOP"));
    presets.extend(short(&[0, 0, count]));
    presets.extend([0; 12]);
    zones.extend(short(&[count, 0]));
    generators.extend(short(&[0, 0]));
    let mut instruments = name("sine");
    instruments.extend(short(&[0]));
    instruments.extend(name("EOI"));
    instruments.extend(short(&[1]));
    let instrument_zones = short(&[0, 0, 2, 0]);
    // Generator 54: the sample loops; 53: its number.
    let instrument_generators = short(&[54, 1, 53, 0, 0, 0]);
    let mut headers = name("sine");
    // 44,000 Hz and 100 frames a period are 440 Hz.
    for value in [0, frames, PERIOD as u32, frames - PERIOD as u32, 44_000] {
        headers.extend(value.to_le_bytes());
    }
    headers.extend([69, 0]);
    headers.extend(short(&[0, 1]));
    headers.extend(name("EOS"));
    headers.extend([0; 26]);
    let mut tables = Vec::new();
    for (name, body) in [
        (b"phdr", presets),
        (b"pbag", zones),
        (b"pmod", vec![0; 10]),
        (b"pgen", generators),
        (b"inst", instruments),
        (b"ibag", instrument_zones),
        (b"imod", vec![0; 10]),
        (b"igen", instrument_generators),
        (b"shdr", headers),
    ] {
        tables.extend(chunk(name, &body));
    }
    tables
}
