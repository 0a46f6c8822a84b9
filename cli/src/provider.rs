//! Mail providers on the command line.

use switchback::guard::Segment;

/// A provider's name and its domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) domains: Vec<String>,
}

/// `acme=acme.example,acme-mail.example`.
pub(crate) fn provider(text: &str) -> Result<Provider, String> {
    let form = || format!("`{text}` names no provider: `acme=acme.example,acme-mail.example` does");
    let (name, domains) = text.split_once('=').ok_or_else(form)?;
    let names: Vec<_> = domains.split(',').map(str::trim).collect();
    if name.trim().is_empty() || names.iter().any(|name| name.is_empty()) {
        return Err(form());
    }
    let domains = names.into_iter().map(counted).collect::<Result<_, _>>()?;
    Ok(Provider { name: name.trim().to_owned(), domains })
}

/// The domain in the form in which mail is counted, if any is counted under it.
fn counted(text: &str) -> Result<String, String> {
    match text.parse() {
        Ok(Segment::Domain(domain)) => Ok(domain.as_ref().to_owned()),
        Ok(_) => Err(format!("`{text}` is not a valid domain")),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_a_name_and_domains() {
        let acme = provider("acme=acme.example, acme-mail.example").unwrap();
        assert_eq!((acme.name.as_str(), acme.domains.len()), ("acme", 2));
        for wrong in ["", "acme", "acme=", "=acme.example", "acme=acme.example,,acme-mail.example"] {
            assert!(provider(wrong).is_err(), "{wrong}");
        }
        assert_eq!(provider("acme=Bücher.example.").unwrap().domains, ["xn--bcher-kva.example"]);
        for (wrong, why) in
            [("acme=mx.acme.example", "counted under acme.example"), ("acme=everything", "not a valid domain")]
        {
            assert!(provider(wrong).unwrap_err().contains(why), "{wrong}");
        }
    }
}
