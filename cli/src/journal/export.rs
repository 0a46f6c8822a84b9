//! `switchback journal export`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::filters::FilterArgs;
use super::nothing::{check_sought, say_nothing, say_unread};
use super::place::JournalArgs;
use crate::exit::{Exit, after_help};
use crate::file::{self, Access, Kind};
use crate::progress::Busy;
use crate::show;

/// Write records as one Parquet file, for DuckDB, Spark or ClickHouse
///
/// docs/journal.md describes the columns. The file is written completely or not at all, and only its owner can read it. A pipe or
/// a device, such as `/dev/stdout`, is written to.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    filters: FilterArgs,

    /// The file
    #[arg(short, long, value_name = "FILE.parquet")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  switchback journal export -o journal.parquet
  switchback journal export --since 6d --slot inbound -o week.parquet
  duckdb -c \"SELECT action, count(*) FROM 'week.parquet' GROUP BY action\"";

const EXIT_CODES: [&str; 2] = [
    "the file is written; if it has no record, stderr says how many the journal has, and from which time",
    "there is no journal, a file of it cannot be read, neither it nor the store has the slot or the release, or the file \
     cannot be written",
];

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let reader = args.journal.open()?;
    let query = args.filters.query(&args.journal, &reader)?;
    let cannot = || file::cannot_write(&args.output);
    let mut out = BufWriter::new(file::create(&args.output, Access::Owner, Kind::Parquet)?);
    let busy = Busy::with("reading the journal".to_owned());
    let exported = reader.export(&query, &mut out)?;
    drop(busy);
    check_sought(&reader, &query, exported.records == 0)?;
    if exported.records == 0 {
        say_nothing(&reader, args.filters.window()?)?;
    }
    let file = out.into_inner().map_err(|error| error.into_error()).with_context(cannot)?;
    let bytes = file.bytes();
    file.keep().with_context(cannot)?;
    let records = show::counted(exported.records, "record");
    let mut says = file::beside(Some(&args.output));
    writeln!(says, "{records}, {}: {}", show::bytes(bytes), args.output.display())?;
    Ok(say_unread(&exported.unread))
}
