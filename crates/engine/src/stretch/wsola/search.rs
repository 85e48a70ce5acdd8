//! Where do two places of the source sound alike? First coarsely on a thinned-out copy, a few lags per tick, then frame by
//! frame around the winner.

use crate::dsp::Position;
use crate::stretch::Source;

/// The copy keeps one of so many frames.
const THIN: usize = 8;
/// Thinned frames that are kept, a ring.
const RING: usize = 2048;
/// Thinned frames that are compared.
const LIKE: usize = 160;
/// Most lags of one search.
const LAGS: usize = 288;
/// Frames that are compared at full rate.
const FINE: usize = 512;
/// How far around the winner.
const AROUND: i64 = THIN as i64;

/// A place that the search found.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    lag: usize,
    /// Normalised correlation.
    pub likeness: f32,
}

pub struct Search {
    drift: usize,
    ring: Box<[f32; RING]>,
    /// Source frame of thinned frame 0, and the thinned frames kept: `first..end`.
    origin: Option<i64>,
    first: i64,
    end: i64,
    template: [f32; LIKE],
    region: [f32; LIKE + LAGS],
    likeness: [f32; LAGS],
    lags: usize,
    done: usize,
    /// Source frame of lag 0 and of the playhead, at the moment the search is for.
    base: i64,
    head: f64,
    energy: f32,
    active: bool,
}

impl Search {
    pub fn new(drift: usize) -> Self {
        Self {
            drift,
            ring: Box::new([0.0; RING]),
            origin: None,
            first: 0,
            end: 0,
            template: [0.0; LIKE],
            region: [0.0; LIKE + LAGS],
            likeness: [0.0; LAGS],
            lags: 0,
            done: 0,
            base: 0,
            head: 0.0,
            energy: 0.0,
            active: false,
        }
    }

    pub fn reach(&self) -> usize {
        RING * THIN / 2
    }

    pub fn reset(&mut self) {
        self.origin = None;
        self.active = false;
    }

    pub fn stop(&mut self) {
        self.active = false;
    }

    pub fn moved(&mut self, by: i64) {
        self.origin = self.origin.map(|origin| origin + by);
        self.base += by;
        self.head += by as f64;
    }

    /// Keeps the thinned copy around the playhead up to date, a little at a time.
    pub fn follow(&mut self, source: &dyn Source, head: i64) {
        let back = (self.drift as i64 * 5 / 4 / THIN as i64) + 2;
        let ahead = (RING as i64 * 3) / 8;
        let origin = *self.origin.get_or_insert_with(|| {
            (self.first, self.end) = (-back, -back);
            head
        });
        let here = (head - origin).div_euclid(THIN as i64);
        if here - back > self.end || here + ahead < self.end - RING as i64 {
            // Far from anything that is kept.
            (self.first, self.end) = (here - back, here - back);
        }
        let mut room = 48;
        while self.end < here + ahead && room > 0 {
            room -= 16;
            let mut window = [[0.0; 17 * THIN]; 2];
            let [left, right] = &mut window;
            source.read(origin + self.end * THIN as i64 - THIN as i64 / 2, [left, right]);
            for i in 0..16 {
                let span = i * THIN..(i + 2) * THIN;
                let mut sum = 0.0;
                for (k, (l, r)) in left[span.clone()].iter().zip(&right[span]).enumerate() {
                    // A triangle: what would be mirrored is 25 dB down and more. The channels weigh differently so
                    // that neither the sum nor the difference can vanish.
                    let weight = 1.0 - (k as f32 + 0.5 - THIN as f32).abs() / THIN as f32;
                    sum += weight * (*l + 0.7 * *r);
                }
                self.ring[(self.end.rem_euclid(RING as i64)) as usize] = sum;
                self.end += 1;
            }
            self.first = self.first.max(self.end - RING as i64);
        }
    }

    /// Begins a search for the moment `later` frames from now.
    pub fn begin(&mut self, grain: i64, position: Position, speed: f64, later: i64) {
        self.active = false;
        let Some(origin) = self.origin else { return };
        let grain = grain + later;
        let head = position.to_f64() + speed * later as f64;
        let thin = THIN as i64;
        let template = (grain - origin).div_euclid(thin);
        let lags = (2 * self.drift / THIN + 1).min(LAGS);
        // Lags lie on the grid of the template.
        let phase = (grain - origin).rem_euclid(thin);
        let low = (head as i64 - self.drift as i64 - origin).div_euclid(thin);
        let all = template.min(low)..(template.max(low + lags as i64) + LIKE as i64 + 1);
        if all.start < self.first + 1 || all.end > self.end {
            return;
        }
        // Emphasising the upper partials makes the lags tell apart what matters to the ear.
        let thinned = |index: i64| self.ring[index.rem_euclid(RING as i64) as usize];
        let value = |index: i64| thinned(index) - 0.7 * thinned(index - 1);
        (template..).zip(&mut self.template).for_each(|(index, x)| *x = value(index));
        (low..).zip(&mut self.region[..LIKE + lags]).for_each(|(index, x)| *x = value(index));
        self.energy = self.template.iter().map(|x| x * x).sum();
        self.base = low * thin + origin + phase;
        self.head = head;
        (self.lags, self.done, self.active) = (lags, 0, true);
    }

    /// The share of tick `tick` of `ticks`.
    pub fn go_on(&mut self, tick: usize, ticks: usize) {
        if !self.active {
            return;
        }
        let until = self.lags * tick / (ticks - 1);
        for lag in self.done..until {
            let there = &self.region[lag..lag + LIKE];
            let mut dot = [0.0f32; 8];
            let mut energy = [0.0f32; 8];
            for (a, b) in self.template.chunks_exact(8).zip(there.chunks_exact(8)) {
                for i in 0..8 {
                    dot[i] += a[i] * b[i];
                    energy[i] += b[i] * b[i];
                }
            }
            let (dot, energy): (f32, f32) = (dot.iter().sum(), energy.iter().sum());
            self.likeness[lag] = dot / (self.energy * energy + 1e-12).sqrt();
        }
        self.done = until;
    }

    /// The candidate with the least unlikeness for the time it will live.
    pub fn best(&self, drift: f64, lives: impl Fn(f64) -> f64) -> Option<Candidate> {
        if !self.active || self.done < self.lags {
            return None;
        }
        let mut best: Option<(f64, Candidate)> = None;
        for lag in 1..self.lags.saturating_sub(1) {
            let likeness = self.likeness[lag];
            if likeness < self.likeness[lag - 1] || likeness < self.likeness[lag + 1] {
                continue;
            }
            let off = (self.base + (lag * THIN) as i64) as f64 - self.head;
            let life = lives(off);
            if off.abs() > drift || life < 256.0 {
                continue;
            }
            let cost = (1.02 - f64::from(likeness)) / life;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, Candidate { lag, likeness }));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// The very frame at which to go on, and how alike it is there.
    pub fn refine(&self, source: &dyn Source, grain: i64, candidate: Candidate) -> Option<(i64, f32)> {
        let centre = self.base + (candidate.lag * THIN) as i64;
        Some(self.nearby(source, grain, centre, AROUND, FINE))
    }

    /// Compares `frames` frames from `grain` with those from `centre`, up to `around` frames to either side.
    pub fn nearby(&self, source: &dyn Source, grain: i64, centre: i64, around: i64, frames: usize) -> (i64, f32) {
        const MOST: usize = FINE + 2 * AROUND as usize + 1;
        let frames = frames.min(FINE);
        let mut old = [[0.0; FINE + 1]; 2];
        let mut new = [[0.0; MOST]; 2];
        let width = frames + 2 * around as usize;
        {
            let [left, right] = &mut old;
            source.read(grain - 1, [&mut left[..frames + 1], &mut right[..frames + 1]]);
            let [left, right] = &mut new;
            source.read(centre - around - 1, [&mut left[..width + 1], &mut right[..width + 1]]);
        }
        let emphasise = |x: &mut [f32]| {
            for i in 0..x.len() - 1 {
                x[i] = x[i + 1] - 0.8 * x[i];
            }
        };
        old.iter_mut().for_each(|x| emphasise(&mut x[..frames + 1]));
        new.iter_mut().for_each(|x| emphasise(&mut x[..width + 1]));
        let own: f32 = old.iter().map(|x| x[..frames].iter().map(|x| x * x).sum::<f32>()).sum();
        let mut best = (centre, f32::MIN);
        for lag in 0..=2 * around as usize {
            let (mut dot, mut energy) = ([0.0f32; 8], [0.0f32; 8]);
            for (old, new) in old.iter().zip(&new) {
                for (a, b) in old[..frames].chunks_exact(8).zip(new[lag..lag + frames].chunks_exact(8)) {
                    for i in 0..8 {
                        dot[i] += a[i] * b[i];
                        energy[i] += b[i] * b[i];
                    }
                }
            }
            let (dot, energy): (f32, f32) = (dot.iter().sum(), energy.iter().sum());
            let likeness = dot / (own * energy + 1e-12).sqrt();
            if likeness > best.1 {
                best = (centre - around + lag as i64, likeness);
            }
        }
        best
    }
}
