;; Answers in the place of WASI's functions, preview 1 and 0.2, for a model that has no system around it.
;;
;; A function is called by the interface, without its version, `#` and its name. Whatever has a result in memory gets the
;; address for it as its last parameter, as the canonical ABI says.
(module
  (import "model" "memory" (memory 0))
  (import "model" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "switchback:scoring/log@{{contract}}" "log" (func $log (param $level i32) (param $line i32) (param $bytes i32)))

  ;; What random numbers are made of. A message finds it as it was when the model was packed.
  (global $seed (mut i64) (i64.const 0))

  ;; Lines that may still be logged. The contract ends a call that logs 4,096 times, and half of that is for printing.
  (global $lines (mut i32) (i32.const 2048))

  ;; The next number of the sequence (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
  (func $random (result i64)
    (local $z i64)
    (global.set $seed (i64.add (global.get $seed) (i64.const 0x9E3779B97F4A7C15)))
    (local.set $z (global.get $seed))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30))) (i64.const 0xBF58476D1CE4E5B9)))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27))) (i64.const 0x94D049BB133111EB)))
    (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 31))))

  (func $fill (param $at i32) (param $bytes i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (i64.store8 (local.get $at) (call $random))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  ;; The time, which stands still a second after it began: a runtime may take 0 for a clock that is broken. In nanoseconds.
  (func $now (result i64) (i64.const 1000000000))

  ;; Whether the byte at a place continues a character, and lies in a range, which some first bytes narrow (RFC 3629, section 4).
  (func $continues (param $at i32) (param $end i32) (param $least i32) (param $most i32) (result i32)
    (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 0))))
    (i32.and
      (i32.ge_u (i32.load8_u (local.get $at)) (local.get $least))
      (i32.le_u (i32.load8_u (local.get $at)) (local.get $most))))

  ;; How many bytes the character at a place has; 0 if it is none in UTF-8.
  (func $character (param $at i32) (param $end i32) (result i32)
    (local $first i32) (local $bytes i32) (local $least i32) (local $most i32)
    (local.set $first (i32.load8_u (local.get $at)))
    (if (i32.lt_u (local.get $first) (i32.const 0x80)) (then (return (i32.const 1))))
    (if (i32.or (i32.lt_u (local.get $first) (i32.const 0xC2)) (i32.gt_u (local.get $first) (i32.const 0xF4)))
      (then (return (i32.const 0))))
    (local.set $bytes (i32.add (i32.const 2)
      (i32.add (i32.ge_u (local.get $first) (i32.const 0xE0)) (i32.ge_u (local.get $first) (i32.const 0xF0)))))
    (local.set $least (i32.const 0x80))
    (local.set $most (i32.const 0xBF))
    (if (i32.eq (local.get $first) (i32.const 0xE0)) (then (local.set $least (i32.const 0xA0))))
    (if (i32.eq (local.get $first) (i32.const 0xED)) (then (local.set $most (i32.const 0x9F))))
    (if (i32.eq (local.get $first) (i32.const 0xF0)) (then (local.set $least (i32.const 0x90))))
    (if (i32.eq (local.get $first) (i32.const 0xF4)) (then (local.set $most (i32.const 0x8F))))
    (if (i32.eqz (call $continues (i32.add (local.get $at) (i32.const 1)) (local.get $end) (local.get $least) (local.get $most)))
      (then (return (i32.const 0))))
    (if (i32.ge_u (local.get $bytes) (i32.const 3))
      (then (if (i32.eqz (call $continues (i32.add (local.get $at) (i32.const 2)) (local.get $end) (i32.const 0x80) (i32.const 0xBF)))
        (then (return (i32.const 0))))))
    (if (i32.eq (local.get $bytes) (i32.const 4))
      (then (if (i32.eqz (call $continues (i32.add (local.get $at) (i32.const 3)) (local.get $end) (i32.const 0x80) (i32.const 0xBF)))
        (then (return (i32.const 0))))))
    (local.get $bytes))

  ;; Logs what lies between two places, unless that is nothing.
  (func $line (param $level i32) (param $from i32) (param $to i32)
    (if (i32.and (i32.lt_u (local.get $from) (local.get $to)) (i32.gt_s (global.get $lines) (i32.const 0)))
      (then
        (global.set $lines (i32.sub (global.get $lines) (i32.const 1)))
        (call $log (local.get $level) (local.get $from) (i32.sub (local.get $to) (local.get $from))))))

  ;; Logs what is printed: a line ends with a line feed, before 1,024 bytes, and where the bytes are no UTF-8, which a log cannot
  ;; take. What goes to standard error is an error, so that a model's last words are told with what ended it; the rest is for
  ;; its author.
  (func $print (param $stream i32) (param $at i32) (param $bytes i32)
    (local $level i32) (local $end i32) (local $from i32) (local $character i32)
    (local.set $level (select (i32.const 0) (i32.const 3) (i32.eq (local.get $stream) (i32.const 2))))
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (local.set $from (local.get $at))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $character (call $character (local.get $at) (local.get $end)))
        (if (i32.or (i32.eqz (local.get $character)) (i32.eq (i32.load8_u (local.get $at)) (i32.const 10)))
          (then
            (call $line (local.get $level) (local.get $from) (local.get $at))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $from (local.get $at))
            (br $next)))
        (if (i32.gt_u (i32.sub (i32.add (local.get $at) (local.get $character)) (local.get $from)) (i32.const 1024))
          (then
            (call $line (local.get $level) (local.get $from) (local.get $at))
            (local.set $from (local.get $at))))
        (local.set $at (i32.add (local.get $at) (local.get $character)))
        (br $next)))
    (call $line (local.get $level) (local.get $from) (local.get $end)))

  ;; Preview 1. The result is an error's number: 8 for a file that is not there, 70 for one that has no places.
  (func $"wasi_snapshot_preview1#args_sizes_get" (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (func $"wasi_snapshot_preview1#args_get" (param i32 i32) (result i32) (i32.const 0))
  (func $"wasi_snapshot_preview1#environ_sizes_get" (param $count i32) (param $bytes i32) (result i32)
    (call $"wasi_snapshot_preview1#args_sizes_get" (local.get $count) (local.get $bytes)))
  (func $"wasi_snapshot_preview1#environ_get" (param i32 i32) (result i32) (i32.const 0))
  (func $"wasi_snapshot_preview1#clock_time_get" (param $clock i32) (param $precision i64) (param $to i32) (result i32)
    (i64.store (local.get $to) (call $now))
    (i32.const 0))
  (func $"wasi_snapshot_preview1#clock_res_get" (param $clock i32) (param $to i32) (result i32)
    (i64.store (local.get $to) (i64.const 1))
    (i32.const 0))
  (func $"wasi_snapshot_preview1#random_get" (param $at i32) (param $bytes i32) (result i32)
    (call $fill (local.get $at) (local.get $bytes))
    (i32.const 0))
  (func $"wasi_snapshot_preview1#sched_yield" (result i32) (i32.const 0))
  (func $"wasi_snapshot_preview1#fd_close" (param $file i32) (result i32) (i32.const 0))
  (func $"wasi_snapshot_preview1#fd_prestat_get" (param $file i32) (param $to i32) (result i32) (i32.const 8))
  (func $"wasi_snapshot_preview1#fd_seek" (param $file i32) (param i64 i32 i32) (result i32) (i32.const 70))
  (func $"wasi_snapshot_preview1#fd_fdstat_set_flags" (param $file i32) (param $flags i32) (result i32) (i32.const 0))
  ;; A character device with all rights; 0 to 2 are there.
  (func $"wasi_snapshot_preview1#fd_fdstat_get" (param $file i32) (param $to i32) (result i32)
    (if (i32.gt_u (local.get $file) (i32.const 2)) (then (return (i32.const 8))))
    (i64.store (local.get $to) (i64.const 2))
    (i64.store offset=8 (local.get $to) (i64.const -1))
    (i64.store offset=16 (local.get $to) (i64.const -1))
    (i32.const 0))
  ;; Every file is at its end.
  (func $"wasi_snapshot_preview1#fd_read" (param $file i32) (param $vectors i32) (param $count i32) (param $read i32) (result i32)
    (i32.store (local.get $read) (i32.const 0))
    (i32.const 0))
  (func $"wasi_snapshot_preview1#fd_write" (param $file i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)
    (local $bytes i32) (local $total i32)
    (if (i32.gt_u (local.get $file) (i32.const 2)) (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $bytes (i32.load offset=4 (local.get $vectors)))
        (call $print (local.get $file) (i32.load (local.get $vectors)) (local.get $bytes))
        (local.set $total (i32.add (local.get $total) (local.get $bytes)))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $total))
    (i32.const 0))

  ;; 0.2. Streams have the numbers of their files.
  (func $"[resource-drop]" (param $resource i32))
  (func $empty_list (param $to i32) (i64.store align=4 (local.get $to) (i64.const 0)))
  (func $nothing (param $to i32) (i32.store8 (local.get $to) (i32.const 0)))
  (func $"wasi:cli/environment#get-environment" (param $to i32) (call $empty_list (local.get $to)))
  (func $"wasi:cli/environment#get-arguments" (param $to i32) (call $empty_list (local.get $to)))
  (func $"wasi:cli/environment#initial-cwd" (param $to i32) (call $nothing (local.get $to)))
  (func $"wasi:cli/stdin#get-stdin" (result i32) (i32.const 0))
  (func $"wasi:cli/stdout#get-stdout" (result i32) (i32.const 1))
  (func $"wasi:cli/stderr#get-stderr" (result i32) (i32.const 2))
  (func $"wasi:cli/terminal-stdin#get-terminal-stdin" (param $to i32) (call $nothing (local.get $to)))
  (func $"wasi:cli/terminal-stdout#get-terminal-stdout" (param $to i32) (call $nothing (local.get $to)))
  (func $"wasi:cli/terminal-stderr#get-terminal-stderr" (param $to i32) (call $nothing (local.get $to)))
  (func $"wasi:filesystem/preopens#get-directories" (param $to i32) (call $empty_list (local.get $to)))
  (func $"wasi:clocks/monotonic-clock#now" (result i64) (call $now))
  (func $"wasi:clocks/monotonic-clock#resolution" (result i64) (i64.const 1))
  (func $"wasi:clocks/wall-clock#now" (param $to i32)
    (i64.store (local.get $to) (i64.const 1))
    (i32.store offset=8 (local.get $to) (i32.const 0)))
  (func $"wasi:clocks/wall-clock#resolution" (param $to i32)
    (i64.store (local.get $to) (i64.const 0))
    (i32.store offset=8 (local.get $to) (i32.const 1)))
  (func $"wasi:random/random#get-random-u64" (result i64) (call $random))
  (func $"wasi:random/random#get-random-bytes" (param $bytes i64) (param $to i32)
    (local $at i32)
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.wrap_i64 (local.get $bytes))))
    (call $fill (local.get $at) (i32.wrap_i64 (local.get $bytes)))
    (i32.store (local.get $to) (local.get $at))
    (i32.store offset=4 (local.get $to) (i32.wrap_i64 (local.get $bytes))))
  (func $"wasi:random/insecure#get-insecure-random-u64" (result i64) (call $random))
  (func $"wasi:random/insecure#get-insecure-random-bytes" (param $bytes i64) (param $to i32)
    (call $"wasi:random/random#get-random-bytes" (local.get $bytes) (local.get $to)))
  (func $"wasi:random/insecure-seed#insecure-seed" (param $to i32)
    (i64.store (local.get $to) (call $random))
    (i64.store offset=8 (local.get $to) (call $random)))
  ;; Results begin with whether something failed; of what did, `closed` is the number 1.
  (func $closed (param $to i32)
    (i32.store8 (local.get $to) (i32.const 1))
    (i32.store8 offset=4 (local.get $to) (i32.const 1)))
  (func $"wasi:io/streams#[method]input-stream.read" (param $stream i32) (param $bytes i64) (param $to i32)
    (call $closed (local.get $to)))
  (func $"wasi:io/streams#[method]input-stream.blocking-read" (param $stream i32) (param $bytes i64) (param $to i32)
    (call $closed (local.get $to)))
  (func $"wasi:io/streams#[method]output-stream.check-write" (param $stream i32) (param $to i32)
    (i32.store8 (local.get $to) (i32.const 0))
    (i64.store offset=8 (local.get $to) (i64.const 65536)))
  (func $"wasi:io/streams#[method]output-stream.write" (param $stream i32) (param $at i32) (param $bytes i32) (param $to i32)
    (call $print (local.get $stream) (local.get $at) (local.get $bytes))
    (call $nothing (local.get $to)))
  (func $"wasi:io/streams#[method]output-stream.blocking-write-and-flush" (param $stream i32) (param $at i32) (param $bytes i32) (param $to i32)
    (call $"wasi:io/streams#[method]output-stream.write" (local.get $stream) (local.get $at) (local.get $bytes) (local.get $to)))
  (func $"wasi:io/streams#[method]output-stream.flush" (param $stream i32) (param $to i32) (call $nothing (local.get $to)))
  (func $"wasi:io/streams#[method]output-stream.blocking-flush" (param $stream i32) (param $to i32) (call $nothing (local.get $to)))

  ;; REST
)
