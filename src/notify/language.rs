//! The languages mail and messages are written in.

use crate::words::words;

words! {
    /// A language that customers are written to in.
    pub enum Language {
        /// Italian, the language of the contract.
        It = "it",
        /// English.
        En = "en",
    }
}
