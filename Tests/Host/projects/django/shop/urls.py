from django.urls import path

from pages import views

urlpatterns = [path("", views.index), path("static-files", views.static_files)]
