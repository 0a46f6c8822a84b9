//! `switchback journal export`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;

use super::filters::FilterArgs;
use super::{JournalArgs, check_sought, say_nothing, say_unread};
use crate::exit::Exit;
use crate::file::{self, Access, Kind};
use crate::progress::Busy;
use crate::show;

/// Write records as one Parquet file, for DuckDB, Spark or ClickHouse
///
/// docs/journal.md says what the columns mean. The file is written whole or not at all, for your eyes only; a pipe or a device, such as
/// `/dev/stdout`, is written to.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    filters: FilterArgs,

    /// The file
    #[arg(short, long, value_name = "FILE.parquet")]
    output: PathBuf,
}

const AFTER_HELP: &str = "\
Examples:
  switchback journal export -o journal.parquet
  switchback journal export --since 6d --slot inbound -o week.parquet
  duckdb -c \"SELECT action, count(*) FROM 'week.parquet' GROUP BY action\"

Exit codes:
  0  it is written; where no record is in it, stderr says what the journal has, and from when to when
  1  there is no journal, a file of it cannot be read, neither it nor the store knows the slot or the release, or the file
     cannot be written
  2  the command line is wrong";

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
