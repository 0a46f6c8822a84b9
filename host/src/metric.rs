//! What stands for the crate `metrics` where that is not compiled in: metrics that nobody has.

/// A metric that only grows.
pub(crate) struct Counter;

/// A metric that goes up and down.
pub(crate) struct Gauge;

/// A metric of many values.
pub(crate) struct Histogram;

impl Counter {
    pub(crate) fn increment(&self, _by: u64) {}

    #[cfg(feature = "journal")]
    pub(crate) fn absolute(&self, _value: u64) {}
}

impl Gauge {
    pub(crate) fn set(&self, _value: f64) {}
}

impl Histogram {
    pub(crate) fn record<T>(&self, _value: T) {}
}

/// Takes what a counter is named and labelled by, and looks at none of it.
macro_rules! counter {
    ($name:literal $(, $label:literal => $value:expr)*) => {{
        $(let _ = || { let _ = $value; };)*
        $crate::metric::Counter
    }};
    ($name:literal, $labels:expr) => {{
        let _ = || { let _ = $labels; };
        $crate::metric::Counter
    }};
}

/// As with counters.
macro_rules! gauge {
    ($name:literal $(, $label:literal => $value:expr)*) => {{
        $(let _ = || { let _ = $value; };)*
        $crate::metric::Gauge
    }};
}

/// As with counters.
macro_rules! histogram {
    ($name:literal $(, $label:literal => $value:expr)*) => {{
        $(let _ = || { let _ = $value; };)*
        $crate::metric::Histogram
    }};
    ($name:literal, $labels:expr) => {{
        let _ = || { let _ = $labels; };
        $crate::metric::Histogram
    }};
}

pub(crate) use {counter, gauge, histogram};
