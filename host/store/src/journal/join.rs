//! Small closed segments become larger ones: of a day of eight processes, two hundred files become one.
//!
//! What was begun within an hour is joined when the hour is over, and what was begun on a day when the day is: so each
//! record is written again twice at most, or a few times more where segments come late. The folder's description says
//! (`folder.rs`) how nobody sees a record twice or not at all meanwhile, whenever a crash comes.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use super::closed::{self, ClosedWriter};
use super::error::JournalError;
use super::folder::{Access, Files, Folder, Segment};
use super::query::Filter;
use super::scan;
use super::schema;

/// Segments that become one at most: what is to be named in a note, and read before anything of it counts.
const PARTS_MAX: usize = 512;

/// How many joined segments are made before anything else is looked at.
const JOINS_AT_ONCE: usize = 4;

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// Joins small segments of a folder, and remembers in vain of which nothing could be made.
#[derive(Default)]
pub(super) struct Joiner {
    in_vain: HashSet<Vec<Segment>>,
}

impl Joiner {
    /// Joins some segments, unless another process is at it or somebody reads. None becomes larger than that.
    pub(super) fn join(
        &mut self,
        folder: &Folder,
        bytes_max: u64,
        now: Timestamp,
        is_ending: &AtomicBool,
    ) -> Result<(), JournalError> {
        let Some(_joiner) = folder.joiner() else { return Ok(()) };
        // Whoever reads now would have it made in vain.
        if folder.alone().is_none() {
            return Ok(());
        }
        finish(folder)?;
        let runs = runs(&folder.segments()?, bytes_max, now);
        self.in_vain.retain(|run| runs.contains(run));
        let runs = runs.into_iter().filter(|run| !self.in_vain.contains(run)).collect::<Vec<_>>();
        for run in runs.into_iter().take(JOINS_AT_ONCE) {
            if is_ending.load(Ordering::Relaxed) {
                break;
            }
            match join_run(folder, &run, is_ending) {
                Ok(Joined::Some) => {}
                Ok(Joined::Nothing) => drop(self.in_vain.insert(run)),
                Ok(Joined::Later) => break,
                Err(error) => {
                    self.in_vain.insert(run);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// Segments, in order, of which each list is to become one.
fn runs(segments: &BTreeMap<Segment, Files>, bytes_max: u64, now: Timestamp) -> Vec<Vec<Segment>> {
    let mut times = BTreeMap::<_, Vec<(&Segment, &Files)>>::new();
    for (segment, files) in segments {
        times.entry(time_of(segment, now)).or_default().push((segment, files));
    }
    let is_over = |time: &Option<(i64, i64)>, of: &[(&Segment, &Files)]| {
        time.is_some() && of.iter().all(|(_, files)| files.stream.is_none())
    };
    let over = times.into_iter().filter(|(time, of)| is_over(time, of));
    over.flat_map(|(_, of)| runs_of(&of, bytes_max)).filter(|run| run.len() > 1).collect()
}

/// The hour or day in which a segment was begun, in seconds; none while it is not over.
fn time_of(segment: &Segment, now: Timestamp) -> Option<(i64, i64)> {
    let begun = segment.begun.as_second();
    let times = [DAY_SECONDS, HOUR_SECONDS].map(|length| (begun - begun.rem_euclid(length), length));
    times.into_iter().find(|(start, length)| start + length <= now.as_second())
}

fn runs_of(segments: &[(&Segment, &Files)], bytes_max: u64) -> Vec<Vec<Segment>> {
    let (mut runs, mut bytes) = (vec![Vec::new()], 0);
    for (segment, files) in segments {
        let more = files.bytes();
        let is_full = runs.last().is_some_and(|run: &Vec<_>| run.len() >= PARTS_MAX || bytes + more > bytes_max);
        if is_full {
            runs.push(Vec::new());
            bytes = 0;
        }
        bytes += more;
        runs.last_mut().into_iter().for_each(|run| run.push((*segment).clone()));
    }
    runs
}

/// What came of segments that were to be joined.
enum Joined {
    Some,
    /// They are of different kinds, or cannot be read.
    Nothing,
    /// Somebody reads them.
    Later,
}

/// Joins those of a list that are of one kind.
fn join_run(folder: &Folder, run: &[Segment], is_ending: &AtomicBool) -> Result<Joined, JournalError> {
    let mut joined = Joined::Nothing;
    for parts in kinds(folder, run).into_values().filter(|parts| parts.len() > 1) {
        let whole = folder.name_for_joined(&parts[0]).map_err(JournalError::unusable(folder.dir()))?;
        let joining = folder.joining(&whole);
        let written = write(folder, &whole, &parts, is_ending);
        let put = written.and_then(|is_whole| if is_whole { put(folder, &whole, &parts) } else { Ok(Joined::Later) });
        if !matches!(put, Ok(Joined::Some)) {
            // What is left of it would be removed by the next who joins.
            let _ = fs::remove_file(&joining);
            return put;
        }
        joined = Joined::Some;
    }
    Ok(joined)
}

/// The segments by what their files say about all of their records. Those that cannot be read stay as they are.
fn kinds(folder: &Folder, run: &[Segment]) -> BTreeMap<String, Vec<Segment>> {
    let mut kinds = BTreeMap::<_, Vec<_>>::new();
    for segment in run {
        if let Ok(Some(metadata)) = scan::open_closed(&folder.parquet(segment)) {
            let kind = schema::kind(metadata.schema().metadata());
            kinds.entry(kind).or_default().push(segment.clone());
        }
    }
    kinds
}

/// Writes the joined segment, without its name; false if there is no time for it.
fn write(folder: &Folder, whole: &Segment, parts: &[Segment], is_ending: &AtomicBool) -> Result<bool, JournalError> {
    let joining = folder.joining(whole);
    let failed = |error| JournalError::of_parquet(&joining, error);
    let mut writer: Option<ClosedWriter<File>> = None;
    let (mut to, mut schema) = (Some(closed::create(&joining)?), schema::bare());
    for part in parts {
        if is_ending.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let path = folder.parquet(part);
        let mut written = Ok(());
        for piece in scan::groups_of(&path, &Filter::default())? {
            if let Some(to) = to.take() {
                schema = schema::like(&piece.metadata()?);
                writer = Some(ClosedWriter::new(to, schema.clone()).map_err(failed)?);
            }
            piece.read(&[], &Filter::default(), &mut |batch| {
                let batch = schema::completed(batch, &schema)?;
                if let (Ok(()), Some(writer)) = (&written, &mut writer) {
                    written = writer.write(&batch);
                }
                Ok(())
            })?;
        }
        written.map_err(failed)?;
    }
    let Some(writer) = writer else { return Ok(false) };
    writer.finish().map_err(failed)?.sync_all().map_err(JournalError::unusable(&joining))?;
    Ok(true)
}

/// Has the joined segment count, and what it is made of no longer.
fn put(folder: &Folder, whole: &Segment, parts: &[Segment]) -> Result<Joined, JournalError> {
    let Some(_alone) = folder.alone() else { return Ok(Joined::Later) };
    let putting = || -> io::Result<bool> {
        let _lock = folder.lock(Access::Change)?;
        let are_there = parts.iter().map(|part| folder.parquet(part).try_exists()).collect::<io::Result<Vec<_>>>()?;
        if folder.is_taken(whole)? || are_there.contains(&false) {
            return Ok(false);
        }
        folder.write_parts(whole, parts)?;
        fs::rename(folder.joining(whole), folder.parquet(whole))?;
        folder.sync()?;
        remove_parts(folder, whole)?;
        Ok(true)
    };
    match putting().map_err(JournalError::unusable(&folder.parquet(whole)))? {
        true => Ok(Joined::Some),
        false => Ok(Joined::Later),
    }
}

/// Ends what a crash has left: of a joined segment that has its name, the parts go; of one that has not, all but these.
fn finish(folder: &Folder) -> Result<(), JournalError> {
    let Some(_alone) = folder.alone() else { return Ok(()) };
    let finishing = || -> io::Result<()> {
        let _lock = folder.lock(Access::Change)?;
        let [noted, partial] = folder.unfinished()?;
        for whole in noted {
            match folder.parquet(&whole).try_exists()? {
                true => remove_parts(folder, &whole)?,
                false => fs::remove_file(folder.note(&whole))?,
            }
        }
        partial.iter().try_for_each(|whole| fs::remove_file(folder.joining(whole)))
    };
    finishing().map_err(JournalError::unusable(folder.dir()))
}

/// Removes what a joined segment is made of, and then the note: without it they would count again.
fn remove_parts(folder: &Folder, whole: &Segment) -> io::Result<()> {
    for part in folder.parts(whole)? {
        match fs::remove_file(folder.parquet(&part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    folder.sync()?;
    fs::remove_file(folder.note(whole))
}
