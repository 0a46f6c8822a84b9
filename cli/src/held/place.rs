//! Where held mail is, and which store judged it.

use std::path::{Path, PathBuf};

use switchback::{Action, Control, Thresholds};
use switchback_gateway::Config;
use switchback_gateway::config::{DirectionConfig, Measure, Reinjection};
use switchback_gateway::held::Spool;

use crate::exit::Usage;
use crate::store::StoreArgs;

/// The environment's word for `--config`.
const VARIABLE: &str = "SWITCHBACK_CONFIG";

/// Where the configuration is if nobody says.
const CONFIG: &str = "/etc/switchback/gateway.toml";

/// Where held mail is.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct PlaceArgs {
    /// Configuration of the gateway [default: the value of SWITCHBACK_CONFIG, or /etc/switchback/gateway.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    config: Option<PathBuf>,

    /// Folder with held mail, in the place of the configuration's: no configuration is read then
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(flatten)]
    store: StoreArgs,
}

/// Held mail, and what is configured for it.
pub(super) struct Place<'a> {
    pub(super) spool: Spool,
    pub(super) config: Option<Config>,
    args: &'a PlaceArgs,
}

impl PlaceArgs {
    /// Opens it.
    pub(super) fn open(&self) -> anyhow::Result<Place<'_>> {
        let config = match self.dir {
            Some(_) => None,
            None => configured(self.config.as_deref()).transpose()?,
        };
        let dir = self.dir.as_deref().or_else(|| config.as_ref()?.held.dir.as_deref());
        let dir = match (dir, &config) {
            (Some(dir), _) => dir,
            (None, Some(_)) => anyhow::bail!("nothing is held: the configuration has no held.dir"),
            (None, None) => {
                return Err(Usage(format!(
                    "which held mail? Name its folder with --dir, or the gateway's configuration with --config or in {VARIABLE}"
                ))
                .into());
            }
        };
        Ok(Place { spool: Spool::existing(dir)?, config, args: self })
    }
}

impl Place<'_> {
    /// The folder of the store.
    pub(super) fn store_dir(&self) -> Result<PathBuf, Usage> {
        self.args.store.dir_or(self.config.as_ref().map(|config| config.store.as_path()))
    }

    /// Opens the store.
    pub(super) fn control(&self) -> anyhow::Result<Control> {
        Ok(Control::open(self.store_dir()?)?)
    }

    /// How mail is given back if nobody says.
    pub(super) fn reinjection(&self) -> Reinjection {
        self.config.as_ref().map_or_else(Reinjection::default, |config| config.held.release.clone())
    }

    /// The thresholds of a slot.
    pub(super) fn thresholds(&self, slot: &str) -> Thresholds {
        self.directions().find(|rules| rules.slot == slot).map_or_else(Thresholds::default, |rules| rules.thresholds)
    }

    /// Whether mail with this verdict may be held: as the configuration says, or always where there is none.
    pub(super) fn holds(&self, action: Action) -> bool {
        self.config.is_none() || self.directions().any(|rules| rules.measure(action) == Measure::Held)
    }

    fn directions(&self) -> impl Iterator<Item = &DirectionConfig> {
        let config = self.config.as_ref();
        config.into_iter().flat_map(|config| [Some(&config.inbound), config.outbound.as_ref()]).flatten()
    }
}

/// The folder with the mail that is held for a store, where a configuration says so and it can be read.
pub(crate) fn of_store(store: &Path) -> Option<PathBuf> {
    let config = configured(None)?.ok()?;
    let is_same = config.store.canonicalize().ok()? == store.canonicalize().ok()?;
    let spool = Spool::existing(config.held.dir.filter(|_| is_same)?).ok()?;
    let is_empty = spool.ids().ok()?.is_empty();
    (!is_empty).then(|| spool.dir().to_owned())
}

/// The configuration that was named, or that is where one is by default.
pub(super) fn configured(named: Option<&Path>) -> Option<anyhow::Result<Config>> {
    let of_environment = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || Some(PathBuf::from(CONFIG)).filter(|path| path.exists());
    let path = named.map(Path::to_owned).or_else(of_environment).or_else(usual)?;
    Some(Config::read(&path).map_err(Into::into))
}
