"""All addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("sso.urls")),
    path("", include("orgs.urls")),
    path("admin/", admin.site.urls),
]
