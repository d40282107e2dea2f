//! Whether the plan in force is the newest one.

use super::Keeper;
use crate::agent::estate::Estate;
use crate::publish::Reload;
use jiff::Timestamp;

impl Keeper {
    /// The newest plan could not be read; every check says so until one can. Whether that is news.
    pub fn reload_failed(&mut self, estate: &Estate, why: &str, now: Timestamp) -> bool {
        if self.stale.as_deref() == Some(why) {
            return false;
        }
        self.stale = Some(why.to_owned());
        self.board.change(|board| {
            board.reload.succeeded = false;
            board.reload.trouble = Some(why.to_owned());
        });
        self.judge_all_again(estate, now);
        true
    }

    /// As [`Keeper::reload_failed`], of an agent whose plan is of long ago.
    pub fn begin_behind(&mut self, estate: &Estate, why: &str, of: Timestamp, now: Timestamp) {
        self.board.change(|board| board.reload.succeeded_at = of);
        self.reload_failed(estate, why, now);
    }

    /// The newest plan is the one in force. Whether that is news.
    pub fn reload_confirmed(&mut self, estate: &Estate, now: Timestamp) -> bool {
        self.board.change(|board| board.reload = Reload { succeeded: true, succeeded_at: now, trouble: None });
        let is_news = self.stale.take().is_some();
        if is_news {
            self.judge_all_again(estate, now);
        }
        is_news
    }
}
