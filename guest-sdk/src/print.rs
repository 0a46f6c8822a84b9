//! [`print!`](macro@print), [`println!`](macro@println), [`eprint!`](macro@eprint), [`eprintln!`](macro@eprintln) and
//! [`dbg!`](macro@dbg) for a model: those of the standard library write to a standard output that no sandbox has, and these to
//! the model's [log](fn@crate::log). Natively they are those of the standard library.
//!
//! They are in a module of their own, so that a glob import of the crate leaves the names of the standard library as they are.

#[doc(inline)]
pub use crate::{__dbg as dbg, __eprint as eprint, __eprintln as eprintln, __print as print, __println as println};

/// As [`std::print!`], to the model's log: each line that ends is one at [`Level::Debug`](crate::Level::Debug), and so
/// is what is left when `prepare` or `score` returns. Natively it prints to standard output.
#[doc(hidden)]
#[macro_export]
macro_rules! __print {
    ($($text:tt)*) => { $crate::__private::print(::std::format_args!($($text)*)) };
}

/// As [`std::println!`], to the model's log: a line at [`Level::Debug`](crate::Level::Debug) for each line of the text.
/// Natively it prints to standard output.
///
/// ```
/// use switchback_guest::print::println;
///
/// println!("{} weights", 3);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __println {
    () => { $crate::__print!("\n") };
    ($($text:tt)*) => { $crate::__print!("{}\n", ::std::format_args!($($text)*)) };
}

/// As [`std::eprint!`], to the model's log: see [`print!`](macro@crate::print::print). Natively it prints to standard error.
#[doc(hidden)]
#[macro_export]
macro_rules! __eprint {
    ($($text:tt)*) => { $crate::__private::eprint(::std::format_args!($($text)*)) };
}

/// As [`std::eprintln!`], to the model's log: see [`println!`](macro@crate::print::println). Natively it prints to standard error.
#[doc(hidden)]
#[macro_export]
macro_rules! __eprintln {
    () => { $crate::__eprint!("\n") };
    ($($text:tt)*) => { $crate::__eprint!("{}\n", ::std::format_args!($($text)*)) };
}

/// As [`std::dbg!`], to the model's log: file, line and value of an expression, which it returns. The value takes one
/// line, as `{:?}` has it: a log keeps 64 of one message.
///
/// ```
/// use switchback_guest::print::dbg;
///
/// let words = dbg!("pay now".split(' ').count()) + 1;
/// assert_eq!(words, 3);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __dbg {
    () => { $crate::__eprintln!("[{}:{}:{}]", ::std::file!(), ::std::line!(), ::std::column!()) };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                let (file, line, column) = (::std::file!(), ::std::line!(), ::std::column!());
                $crate::__eprintln!("[{file}:{line}:{column}] {} = {:?}", ::std::stringify!($value), &value);
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::__dbg!($value)),+,) };
}
