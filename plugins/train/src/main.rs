//! Trains and measures the example models.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use switchback_guest::Scorer;
use switchback_plugin_linear::{Linear, Weights};
use switchback_plugin_train::{
    Corpora, GeneratedExample, MODERN, Measured, Quality, RECIPES, card, dump_features, generated, masked, modern_mail,
    reenact, scores, sides, spam_assassin, train_release,
};
use switchback_train::Split;

/// Trains and measures the example models on real mail.
///
/// The corpora are looked for where SWITCHBACK_CORPORA says, else in ../shared/corpora beside the checkout.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder of `linear`'s releases.
    #[arg(long, global = true, default_value_os_t = releases())]
    releases: PathBuf,
}

#[derive(Clone, Subcommand)]
enum Command {
    /// Train the releases of `linear`, measure them, and write weights and model cards (the default).
    Linear,
    /// Measure a release of `linear` on all of another corpus, to print it and nothing else.
    Evaluate {
        /// The archive's name: csdmc2010.
        corpus: String,
        /// The release.
        #[arg(long, default_value = "1.1.0")]
        version: String,
    },
    /// Re-enact an update that took Gmail itself for evidence, on real mail, and print when the guard takes it back.
    Reenact {
        /// Where to draw it, as SVG.
        #[arg(long)]
        svg: Option<PathBuf>,
    },
    /// Write a split of corpora with the scores of `switchback train` on it, for other filters to be trained on the same.
    Sides {
        /// The archives' names: csdmc2010.
        #[arg(required = true)]
        corpora: Vec<String>,
        /// Draw what is measured on message by message, not campaign by campaign.
        #[arg(long)]
        random: bool,
        /// Measure on what came after this time instead.
        #[arg(long, value_name = "TIME", conflicts_with = "random")]
        train_until: Option<String>,
        /// The folder to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the features that the `onnx` model is trained on.
    Features {
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
}

fn releases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../linear/releases")
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let corpora = Corpora::locate().context(
        "the corpora are not here: set SWITCHBACK_CORPORA to the folder that has spamassassin-public.tar.zst",
    )?;
    match arguments.command.unwrap_or(Command::Linear) {
        Command::Linear => linear(&corpora, &arguments.releases),
        Command::Evaluate { corpus, version } => evaluate(&corpora, &corpus, &arguments.releases.join(version)),
        Command::Reenact { svg } => reenacted(&corpora, svg.as_deref()),
        Command::Sides { corpora: names, random, train_until, out } => {
            let split = match train_until {
                Some(time) => Split::Until(time.parse().with_context(|| format!("{time} is not a time"))?),
                None if random => Split::Random,
                None => Split::Campaign,
            };
            let trained = sides(&corpora, &names, split, &out)?;
            println!("{:?}", trained.report.mail);
            Ok(())
        }
        Command::Features { out } => features(&corpora, &out),
    }
}

fn linear(corpora: &Corpora, releases: &Path) -> Result<()> {
    let examples = spam_assassin(corpora)?;
    for recipe in &RECIPES {
        let weights = train_release(recipe, &examples);
        let measured = Measured::of(&weights, &examples).map_err(|error| anyhow::anyhow!("{error}"))?;
        let folder = releases.join(recipe.version);
        let file = folder.join("weights.bin");
        std::fs::write(&file, weights.to_bytes()).with_context(|| format!("write {}", file.display()))?;
        card::write_metrics(&folder.join("switchback.toml"), &measured.figures())?;
        println!("linear {}\n{measured}", recipe.version);
    }
    println!("Now `switchback pack --bless` writes the self-tests' scores anew.");
    Ok(())
}

fn evaluate(corpora: &Corpora, corpus: &str, release: &Path) -> Result<()> {
    let file = release.join("weights.bin");
    let bytes = std::fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    let read = |bytes: &[u8]| Linear::prepare(&Weights::parse(bytes)?.to_bytes());
    let mut model = read(&bytes).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let examples = masked(corpora, corpus)?;
    let scored = scores(&mut model, examples.iter()).map_err(|error| anyhow::anyhow!("{error}"))?;
    println!("{}", Quality::of(&scored));
    Ok(())
}

fn reenacted(corpora: &Corpora, svg: Option<&Path>) -> Result<()> {
    let reenactment = reenact(corpora)?;
    println!("{reenactment}");
    if let Some(path) = svg {
        std::fs::write(path, reenactment.svg()).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn features(corpora: &Corpora, out: &Path) -> Result<()> {
    let mut examples = spam_assassin(corpora)?;
    examples.extend(generated(&modern_mail(), MODERN).into_iter().map(GeneratedExample::into_training));
    let file = File::create(out).with_context(|| format!("create {}", out.display()))?;
    dump_features(&examples, BufWriter::new(file))?;
    println!("{} messages: {}", examples.len(), out.display());
    Ok(())
}
