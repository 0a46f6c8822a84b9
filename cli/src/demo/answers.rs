//! The answers of a process in a file, for the account at the end.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::traffic::Answer;

/// Stands for no release.
const NONE: u64 = u64::MAX;

/// Writes the answers of every thread, each thread's in their order.
pub(super) fn write(path: &Path, threads: &[Vec<Answer>]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    put(&mut file, threads.len() as u64)?;
    for answers in threads {
        put(&mut file, answers.len() as u64)?;
        for Answer { message, start, end, generation, release } in answers {
            let release = release.map_or(NONE, u64::from);
            for number in [*message, nanos(*start), nanos(*end), *generation, release] {
                put(&mut file, number)?;
            }
        }
    }
    file.flush()
}

/// Reads them back.
pub(super) fn read(path: &Path) -> io::Result<Vec<Vec<Answer>>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut threads = Vec::new();
    for _ in 0..take(&mut file)? {
        let mut answers = Vec::new();
        for _ in 0..take(&mut file)? {
            answers.push(answer(&mut file)?);
        }
        threads.push(answers);
    }
    Ok(threads)
}

fn answer(file: &mut impl Read) -> io::Result<Answer> {
    let [message, start, end, generation, release] = [take(file)?, take(file)?, take(file)?, take(file)?, take(file)?];
    let release = match release {
        NONE => None,
        release => Some(u8::try_from(release).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?),
    };
    let [start, end] = [start, end].map(Duration::from_nanos);
    Ok(Answer { message, start, end, generation, release })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn put(file: &mut impl Write, number: u64) -> io::Result<()> {
    file.write_all(&number.to_le_bytes())
}

fn take(file: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_back_and_a_file_that_was_cut_off_does_not() {
        let [start, end] = [3, 2_000_000_001].map(Duration::from_nanos);
        let answer = |message, release| Answer { message, start, end, generation: 7, release };
        let threads = vec![vec![answer(0, Some(2)), answer(1, None)], Vec::new()];
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path(), &threads).unwrap();
        assert_eq!(read(file.path()).unwrap(), threads);
        file.as_file().set_len(90).unwrap();
        assert_eq!(read(file.path()).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}
