//! The derive macro of `triptych_entities::relational::positional::Positional`.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Type, parse_macro_input};

/// Decodes a model by the positions of its columns, which are the positions of its fields.
#[proc_macro_derive(Positional)]
pub fn positional(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let Data::Struct(data) = &input.data else {
        return Error::new_spanned(&input.ident, "only a struct has fields with positions")
            .to_compile_error()
            .into();
    };
    let model = &input.ident;
    let names = data.fields.iter().map(|field| field.ident.as_ref());
    let columns = names.clone().map(|name| name.map(ToString::to_string));
    let values = data.fields.iter().map(|field| {
        if is_option(&field.ty) { quote!(columns.optional()?) } else { quote!(columns.required()?) }
    });
    quote! {
        impl crate::relational::positional::Positional for #model {
            const COLUMNS: &'static [&'static str] = &[#(#columns),*];

            fn decode(
                columns: &mut crate::relational::positional::Columns<'_>,
            ) -> ::std::result::Result<Self, ::sea_orm::DbErr> {
                Ok(Self { #(#names: #values),* })
            }
        }
    }
    .into()
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
