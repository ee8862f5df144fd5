//! The keys that verify tokens: the production set from its file, or the development key from the data folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::config::{Config, ConfigError, ConfigErrors};
use crate::edge::token::{DevelopmentKey, KeySet, Reload};

const EVERY: Duration = Duration::from_secs(5);

pub(super) fn key_set(config: &Config) -> Result<Arc<KeySet>, StartError> {
    let Some(path) = &config.identity.jwks_file else {
        return Ok(Arc::new(DevelopmentKey::load_or_create(&config.data.folder)?.key_set()));
    };
    Ok(Arc::new(production(path)?))
}

pub(super) fn production(path: &Path) -> Result<KeySet, ConfigErrors> {
    let (keys, ignored) = KeySet::from_file(path).map_err(|error| ConfigError::unusable("identity.jwks_file", error))?;
    for key in ignored {
        tracing::warn!(file = %path.display(), "not used: {key}");
    }
    Ok(keys)
}

/// Looks at the file again and again, so that keys rotate without a restart.
pub(super) async fn follow(keys: Arc<KeySet>, stop: CancellationToken) {
    if keys.path().is_none() {
        return;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let looked = tokio::task::spawn_blocking({
            let keys = keys.clone();
            move || keys.reload_if_changed()
        });
        match looked.await {
            Ok(Ok(Reload::Unchanged)) => {}
            Ok(Ok(Reload::Replaced { keys, ignored })) => {
                tracing::info!(keys, "the key set was replaced");
                for key in ignored {
                    tracing::warn!("not used: {key}");
                }
            }
            Ok(Err(error)) => tracing::error!("the key set was not replaced: {error}"),
            Err(ended) => tracing::error!("the key set could not be looked at: {ended}"),
        }
    }
}
