//! Who does which rows, where each worker has a run of its own.

use crate::rows::CHUNK;

/// The keys before the chunks of one of several workers.
pub fn share(worker: u32, workers: u32, rows: u32) -> Vec<i32> {
    let chunks = rows.div_ceil(CHUNK);
    let of = |worker: u32| (u64::from(chunks) * u64::from(worker) / u64::from(workers)) as u32;
    (of(worker)..of(worker + 1)).map(|chunk| (chunk * CHUNK) as i32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_is_somebodys() {
        for workers in [1, 2, 3, 4] {
            let all: Vec<i32> = (0..workers).flat_map(|worker| share(worker, workers, 100_000)).collect();
            assert_eq!(all, crate::rows::chunks(100_000).collect::<Vec<_>>());
        }
    }
}
