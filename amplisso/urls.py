"""All addresses."""

from django.contrib import admin
from django.urls import include, path

from amplisso import operators

handler429 = "orgs.views.pages.too_many_requests"  # allauth looks it up
operators.prepare(admin.site)

urlpatterns = [
    path("", include("sso.urls")),
    path("", include("orgs.urls")),
    path("admin/login/", operators.sign_in),
    path("admin/password_change/", operators.change_password),
    path("admin/", admin.site.urls),
]
