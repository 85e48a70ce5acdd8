//! Where a stream can change from the frames of one encoder to those of another.

use super::frame::AacFrame;

/// The first index, from 1 on, at which a stream can change from `before` to `after`. Both are frames of the same places of the same sound,
/// made by two encoders. Frame `index - 1` is then the last one of `before`, and frame `index` is the first one of `after`.
///
/// The decoded sound is continuous there, because both encoders use one long window of the same shape in both frames, so that the aliasing
/// of the two frames cancels. `None` if there is no such index.
pub fn splice_index(before: &[AacFrame], after: &[AacFrame]) -> Option<usize> {
    let same: Vec<Option<_>> = before
        .iter()
        .zip(after)
        .map(|(before, after)| {
            let window = before.window().filter(|window| window.is_long())?;
            (after.window() == Some(window)).then_some(window)
        })
        .collect();
    let pairs = same.windows(2).position(|pair| matches!(pair, [Some(one), Some(other)] if one == other))?;
    Some(pairs + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames with these sequences of windows.
    fn frames(sequences: &[u8]) -> Vec<AacFrame> {
        sequences.iter().map(|sequence| AacFrame::new(vec![0x21, sequence << 5, 0, 0]).unwrap()).collect()
    }

    #[test]
    fn streams_change_only_between_two_long_windows_of_both() {
        let long = frames(&[0; 6]);
        assert_eq!(splice_index(&long, &long), Some(1));
        assert_eq!(splice_index(&frames(&[1, 2, 3, 0, 0, 0]), &long), Some(4));
        assert_eq!(splice_index(&long, &frames(&[0, 1, 3, 0, 1, 3])), None);
        assert_eq!(splice_index(&long[..1], &long), None);
    }
}
