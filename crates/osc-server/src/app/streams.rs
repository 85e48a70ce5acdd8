//! What became of files that are streamed from disk.

use super::App;
use crate::reply;
use crowd_engine::Frames;
use crowd_engine::feed::News;

impl App {
    /// Tells what became of files that are streamed from disk.
    pub(super) fn hear_streams(&mut self) {
        for (id, name, news) in self.stems.news() {
            let deck = id.deck();
            match news {
                News::Underruns(told) => {
                    self.starved += told.fresh;
                    let ms = |frames: Frames| 1000.0 * frames.seconds(self.settings.sample_rate);
                    let (input, output) = (ms(told.levels.input), ms(told.levels.output));
                    tracing::warn!(
                        "deck {deck}: \"{name}\" ran dry {} times, {} in all (decoded {input:.0} ms, ready {output:.0} ms): \
                         is its disk slow or busy?",
                        told.fresh,
                        told.total,
                    );
                }
                News::Unreadable(cause) => {
                    tracing::error!("deck {deck}: \"{name}\" cannot be read any more: {cause}; trying again");
                }
                News::Damaged(what) => {
                    self.damaged += 1;
                    tracing::warn!("deck {deck}: \"{name}\": {what}");
                    if let Some(asked) = self.stems.get(id).map(|buffer| buffer.asked) {
                        self.reply(asked.origin, || reply::damaged(id.get(), &name, &what));
                    }
                }
                News::Readable => tracing::info!("deck {deck}: \"{name}\" can be read again"),
                news => tracing::debug!(?news, "stream"),
            }
        }
    }
}
