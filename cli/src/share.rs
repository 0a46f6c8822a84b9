//! Shares of the messages on the command line.

use switchback::route::BASIS_POINTS;

/// `5%`, `0.5 %`, `100%`: in basis points.
pub(crate) fn basis_points(text: &str) -> Result<u16, String> {
    let not_one = || format!("`{text}` is not a valid share: give `0.01%` to `100%`");
    let percent: f64 = text.strip_suffix('%').ok_or_else(not_one)?.trim().parse().map_err(|_| not_one())?;
    let basis_points = percent * 100.0;
    if !(1.0..=f64::from(BASIS_POINTS)).contains(&basis_points) {
        return Err(not_one());
    }
    if (basis_points - basis_points.round()).abs() > 1e-6 {
        return Err(format!("`{text}` is finer than a hundredth of a percent"));
    }
    // Within its range, so it fits.
    Ok(basis_points.round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_people_do() {
        for (text, expected) in [("5%", 500), ("0.01%", 1), ("100 %", 10_000), ("2.5%", 250), ("0.29%", 29)] {
            assert_eq!(basis_points(text), Ok(expected), "{text}");
        }
        for (text, why) in [
            ("5", "not a valid share"),
            ("0%", "not a valid share"),
            ("101%", "not a valid share"),
            ("nan%", "not a valid share"),
            ("0.015%", "finer"),
        ] {
            assert!(basis_points(text).unwrap_err().contains(why), "{text}");
        }
    }
}
